import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { unstable_readConfig } from 'wrangler'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))
const STAND_INS = ['wrangler', 'esbuild']
const standIn = (name: string) => fileURLToPath(new URL(`${name}.js`, import.meta.url))
export const SETTINGS = { ISSUER: 'https://auth.example.com', MAIL_TRANSPORT: 'resend', MAIL_FROM: 'auth@example.com' }

export interface Upload {
  id: string
  secrets: Record<string, string>
  vars: Record<string, string>
}
interface State {
  uploads: Upload[]
  serving: string[]
  fail: string | null
  loggedIn: boolean
}

/** What wrangler reads from the configuration of a machine. */
const CONFIG = 'wrangler-config.json'

const scratches: string[] = []
function makeScratch(name: string): string {
  const scratch = mkdtempSync(join(tmpdir(), `postern-${name}-`))
  scratches.push(scratch)
  return scratch
}
export function forgetMachines(): void {
  for (const scratch of scratches.splice(0)) rmSync(scratch, { recursive: true, force: true })
  modules = null
}

/** Opens an account at the stand-in for Cloudflare. */
export function openAccount() {
  const folder = makeScratch('account')
  const path = join(folder, 'state.json')
  const empty = { uploads: [], serving: [], resources: [], fail: null, loggedIn: true }
  const read = (): State => (existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as State) : empty)
  return {
    folder,
    state: read,
    change: (changed: Partial<State>) => writeFileSync(path, JSON.stringify({ ...read(), ...changed })),
    serving: () => read().uploads.filter(({ id }) => read().serving.includes(id)),
    calls: () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n'),
    database: () => new DatabaseSync(join(folder, 'database')),
    /** Keeps all that the account holds, for other accounts. */
    keep(): string {
      const kept = makeScratch('account')
      cpSync(folder, kept, { recursive: true })
      return kept
    },
    /** Gives an empty account what another one held. */
    fill: (kept: string) => cpSync(kept, folder, { recursive: true }),
  }
}
export type Account = ReturnType<typeof openAccount>

/**
 * Sets up a computer with a checkout of the project, whose wrangler is the stand-in. `vars` are those of production.
 */
export function setUpMachine(account: Account, vars: Record<string, string> = SETTINGS, bindings = '') {
  const folder = makeScratch('machine')
  // A script finds the project by where it is itself, so it is copied. The rest is only read.
  for (const part of ['scripts', 'package.json']) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  for (const part of ['src', 'migrations', 'tsconfig.json']) symlinkSync(join(ROOT, part), join(folder, part))
  const set = Object.entries(vars).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
  const config = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8')
  writeFileSync(
    join(folder, 'wrangler.toml'),
    config.replace('[env.production.vars]\n', `[env.production.vars]\n${set.join('')}`) + bindings,
  )
  symlinkSync(linkModules(), join(folder, 'node_modules'))
  // The real module is loaded once, here, because loading it for each script takes longer than everything else.
  const read = unstable_readConfig({ config: join(folder, 'wrangler.toml'), env: 'production' }, { hideWarnings: true })
  writeFileSync(join(folder, CONFIG), JSON.stringify(read))
  const file = join(folder, '.dev.vars.production')
  return {
    secrets: () => (existsSync(file) ? readFileSync(file, 'utf8') : null),
    file,
    writeSecrets: (text: string) => writeFileSync(file, text),
    run: (script: string, ...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [`scripts/${script}.ts`, ...args], {
        cwd: folder,
        encoding: 'utf8',
        env: { PATH: '', HOME: folder, POSTERN_TEST_ACCOUNT: account.folder, NODE_COMPILE_CACHE: tmpdir() },
      })
      return { status, said: stdout + stderr }
    },
  }
}

let modules: string | null = null

/** Makes a `node_modules` for all machines, in which wrangler and esbuild are the stand-ins. */
function linkModules(): string {
  if (modules !== null) return modules
  const [from, to] = [join(ROOT, 'node_modules'), makeScratch('modules')]
  mkdirSync(join(to, 'wrangler/bin'), { recursive: true })
  mkdirSync(join(to, 'esbuild'))
  for (const name of readdirSync(from).filter((entry) => !STAND_INS.includes(entry) && !entry.startsWith('.')))
    symlinkSync(join(from, name), join(to, name))
  symlinkSync(join(from, 'esbuild'), join(to, 'esbuild/real'))
  for (const name of STAND_INS)
    writeFileSync(join(to, name, 'package.json'), JSON.stringify({ name, type: 'module', exports: './index.js' }))
  writeFileSync(
    join(to, 'wrangler/index.js'),
    `import { readFileSync } from 'node:fs'
export const unstable_readConfig = () => JSON.parse(readFileSync('${CONFIG}', 'utf8'))\n`,
  )
  cpSync(standIn('wrangler'), join(to, 'wrangler/bin/wrangler.js'))
  cpSync(standIn('esbuild'), join(to, 'esbuild/index.js'))
  modules = to
  return to
}
