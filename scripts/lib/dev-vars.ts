import { randomBytes } from 'node:crypto'
import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { projectRoot } from './wrangler.ts'

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

/** Reads the variables of a file such as `.dev.vars`; there are none when the file is missing. */
export async function readVarsFile(name: string): Promise<Record<string, string>> {
  const variables = parseEnv(await readText(join(projectRoot, name)))
  return Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, value ?? '']))
}

/** Makes a version of `AUTH_SECRET` with 256 random bits, such as `v1:…`. */
export const newSecretVersion = (version: string): string => `${version}:${randomBytes(32).toString('base64url')}`

/** Sets `AUTH_SECRET` in such a file. */
export const writeAuthSecret = async (name: string, secret: string): Promise<void> =>
  await writeVariable(name, { name: 'AUTH_SECRET', value: secret })

/** Sets a variable in such a file, which only its owner may read, and keeps every other line as it is. */
export async function writeVariable(file: string, { name, value }: { name: string; value: string }): Promise<void> {
  const path = join(projectRoot, file)
  const kept = (await readText(path))
    .split('\n')
    .filter((line) => !line.replace(/^\s*(export\s+)?/, '').match(`^${name}\\s*=`))
  const text = kept.join('\n').replace(/\n*$/, '\n').replace(/^\n$/, '')
  const scratch = `${path}.new`
  await writeFile(scratch, `${text}${name}=${value}\n`, { mode: 0o600 })
  await rename(scratch, path)
}

/** Makes a secret for an environment that has none, and answers whether it did. */
export async function ensureAuthSecret(name: string): Promise<boolean> {
  const { AUTH_SECRET } = await readVarsFile(name)
  if (!AUTH_SECRET) await writeAuthSecret(name, newSecretVersion('v1'))
  const path = join(projectRoot, name)
  // A running `npm start` watches the file, so a file that is private already is not touched.
  if (((await stat(path)).mode & 0o777) !== 0o600) await chmod(path, 0o600)
  return !AUTH_SECRET
}
