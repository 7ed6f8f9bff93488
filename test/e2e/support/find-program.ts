import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The shell without windows comes first: it takes 40 % less CPU for the same tests. */
const BROWSERS = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Lists the programs of these names that this machine has, because no npm package brings one. */
function findPrograms(names: readonly string[]): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).filter((path) => existsSync(path))
}

/** Finds the Chromium of this machine. The variable `CHROMIUM` may name another one. */
export function findBrowser(): string | null {
  const named = process.env.CHROMIUM ?? ''
  return named !== '' && existsSync(named) ? named : (findPrograms(BROWSERS)[0] ?? null)
}

/** Finds `oathtool`, the stock authenticator of the OATH Toolkit. */
export const findAuthenticator = (): string | null => findPrograms(['oathtool'])[0] ?? null

/** Undefined until it was looked for, which takes a start of Python; null where this machine has none. */
let python: string | null | undefined

/** Finds a Python that has PyJWT. The variable `PYTHON` may name another one. */
export function findPython(): string | null {
  const named = process.env.PYTHON ?? ''
  const candidates = named === '' ? findPrograms(['python3']) : [named]
  const hasPyJwt = (path: string) => spawnSync(path, ['-c', 'import jwt, cryptography']).status === 0
  if (python === undefined) python = candidates.find(hasPyJwt) ?? null
  return python
}
