import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text as readText } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, URL } from 'node:url'
import { type TOTP, URI } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Service, startServiceIn } from './support/service.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ADMIN = 'root@example.com'
const PASSWORD = 'four unrelated words here'
const RELOAD_TIMEOUT_MS = 90_000

/** A checkout of its own, because a command writes `.dev.vars` and touches `wrangler.toml`. */
const checkout = mkdtempSync(join(tmpdir(), 'postern-admin-'))
let service: Service

beforeAll(async () => {
  for (const part of ['scripts', 'src', 'migrations', 'package.json', 'tsconfig.json', 'wrangler.toml'])
    cpSync(join(ROOT, part), join(checkout, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'))
  service = await startServiceIn(checkout, '--var', 'RATE_LIMITS:off')
})
afterAll(async () => {
  await service?.stop()
  rmSync(checkout, { recursive: true, force: true })
})

/** Runs a command as an operator does, who answers its questions by lines. */
async function admin(args: string, { input = '', port = new URL(service.origin).port } = {}) {
  const child = spawn(process.execPath, ['scripts/admin.ts', ...args.split(' ')], {
    cwd: checkout,
    env: { ...process.env, PORT: port },
  })
  child.stdin.end(input)
  const exited = once(child, 'close')
  const [stdout, stderr] = await Promise.all([readText(child.stdout), readText(child.stderr)])
  const [status] = await exited
  return { status, stdout, stderr }
}
const linesOf = (printed: string): Record<string, unknown>[] =>
  printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

async function post(path: string, body: object, accessToken?: string): Promise<Response> {
  const authorization = accessToken === undefined ? {} : { Authorization: `Bearer ${accessToken}` }
  return await fetch(`${service.origin}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...authorization },
    body: JSON.stringify(body),
  })
}

/** Changes what the database of the service holds, as time or an attacker would. */
function change(sql: string, ...values: string[]): void {
  const folder = join(service.state, 'v3/d1/miniflare-D1DatabaseObject')
  const file = readdirSync(folder).find((name) => /^[0-9a-f]+\.sqlite$/.test(name)) ?? ''
  const database = new DatabaseSync(join(folder, file), { timeout: 10_000 })
  database.prepare(sql).run(...values)
  database.close()
}

async function signUp(email: string): Promise<void> {
  expect((await post('/auth/register', { email, password: PASSWORD })).status).toBe(202)
  change('update users set email_verified_at = 1 where email = ?', email)
}

/** Sends what the page behind the link sends, once the service has taken the invitation over. */
async function accept(link: string): Promise<number> {
  const token = new URL(link).hash.replace('#token=', '')
  const deadline = Date.now() + RELOAD_TIMEOUT_MS
  for (;;) {
    const response = await post('/auth/accept-invitation', { token, password: PASSWORD }).catch(() => null)
    if (response?.status === 204 || Date.now() > deadline) return response?.status ?? 0
    await sleep(500)
  }
}

const logIn = (email: string, ...more: string[]) => admin('login', { input: [email, PASSWORD, ...more, ''].join('\n') })

describe('npm run admin', () => {
  it('explains itself and each command, and says what is wrong with the arguments', async () => {
    const help = await admin('--help')
    expect(help.status).toBe(0)
    const names = [...help.stdout.matchAll(/^ {2}([a-z][a-z -]*[a-z])(?: <| {2})/gm)].map(([, name = '']) => name)
    expect(names).toHaveLength(17)
    for (const name of names) {
      const { status, stdout } = await admin(`${name} --help`)
      expect(status, name).toBe(0)
      expect(stdout).toContain(`npm run admin -- ${name}`)
    }
    expect(await admin('frobnicate')).toMatchObject({ status: 2, stderr: expect.stringContaining('no such command') })
    expect(await admin('grant ada@example.com')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('email, role'),
    })
    expect(await admin('users list --all')).toMatchObject({ status: 2, stderr: expect.stringContaining("'--all'") })
    expect((await admin('users list --remote --local')).status).toBe(2)
  })

  it('says how to start the service where it is not running, and how to sign in where nobody has', async () => {
    const lost = await admin('login', { input: `${ADMIN}\n${PASSWORD}\n`, port: '1' })
    expect(lost).toMatchObject({ status: 1, stderr: expect.stringContaining('npm start') })
    expect(await admin('users list')).toMatchObject({ status: 1, stderr: expect.stringContaining('admin -- login') })
    const nowhere = await admin('users list --remote')
    expect(nowhere).toMatchObject({ status: 1, stderr: expect.stringContaining('ISSUER') })
    expect((await admin('login', { input: `${ADMIN}\n` })).stderr).toContain('Standard input ended')
  })

  it('makes the first admin by a link that works once', async () => {
    expect(await admin('create-admin nobody')).toMatchObject({ status: 1, stderr: expect.stringContaining('address') })
    const { status, stdout } = await admin(`create-admin ${ADMIN} --json`)
    expect(status).toBe(0)
    const [{ link = '' } = {}] = linesOf(stdout) as { link?: string }[]
    expect(link).toMatch(new RegExp(`^${service.origin}/accept-invitation#token=[\\w-]{43}$`))
    expect(await accept(link)).toBe(204)
    const token = link.split('=')[1]
    const again = await post('/auth/accept-invitation', { token, password: PASSWORD })
    expect(await again.json()).toMatchObject({ code: 'invalid_token' })
    const page = await fetch(link)
    expect(await page.text()).toContain('Become an administrator')
  })

  it('signs in by lines of standard input, and keeps the session where only its owner reads it', async () => {
    const wrong = await admin('login', { input: `${ADMIN}\nnot the password\n` })
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining('sign-in details are wrong') })
    const { status, stdout, stderr } = await logIn(ADMIN)
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${ADMIN} is signed in at ${service.origin}.\n` })
    expect(stderr).not.toContain(PASSWORD)
    expect(statSync(join(checkout, '.wrangler/admin/sessions.json')).mode & 0o777).toBe(0o600)
  })

  it('lists, finds and shows users, grants and takes roles, and deactivates', async () => {
    for (const email of ['ada@example.com', 'ada@example.com.au', 'bob@example.com']) await signUp(email)
    expect(linesOf((await admin('users list --json')).stdout).map(({ email }) => email)).toContain('bob@example.com')
    expect(linesOf((await admin('users list --role admin --json')).stdout).map(({ email }) => email)).toEqual([ADMIN])
    expect((await admin('users find ada')).stdout.trim().split('\n')).toHaveLength(2)
    const [shown] = linesOf((await admin('users show ada@example.com --json')).stdout)
    expect(shown).toMatchObject({ email: 'ada@example.com', roles: ['user'] })
    expect((await admin(`users show ${shown?.id}`)).stdout).toContain('ada@example.com')
    expect(await admin('users show nobody@example.com')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('find'),
    })
    expect(await admin('users list --status asleep')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('status:'),
    })

    const granted = await admin('grant ada@example.com admin --json')
    expect(linesOf(granted.stdout)).toEqual([expect.objectContaining({ roles: ['user', 'admin'] })])
    expect((await admin('grant ada@example.com admin')).stdout).toContain('user')
    expect((await admin('revoke ada@example.com admin')).stdout).toBe('ada@example.com has the roles: user\n')
    expect(await admin(`revoke ${ADMIN} admin`)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('last active'),
    })
    expect((await admin('deactivate bob@example.com')).stdout).toBe('bob@example.com is deactivated.\n')
    expect(linesOf((await admin('users list --status deactivated --json')).stdout)).toHaveLength(1)
    expect((await admin('reactivate bob@example.com')).stdout).toBe('bob@example.com is active.\n')
  })

  it('deletes an account for good, and only where that is said twice', async () => {
    expect(await admin('users delete ada@example.com.au')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('--yes'),
    })
    expect((await admin('users delete ada@example.com.au --yes')).stdout).toBe(
      'The account of ada@example.com.au is deleted.\n',
    )
    expect(await admin('users delete ada@example.com.au --yes')).toMatchObject({ status: 1 })
  })

  it('asks for the password once more where a command needs a recent sign-in', async () => {
    change('update sessions set authenticated_at = authenticated_at - 3600000')
    expect(await admin('grant ada@example.com admin')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('prove'),
    })
    const proven = await admin('grant ada@example.com admin', { input: `${PASSWORD}\n` })
    expect(proven).toMatchObject({ status: 0, stdout: 'ada@example.com has the roles: user, admin\n' })
  })

  it('exports the whole audit trail as a line of JSON for each event', async () => {
    const events = linesOf((await admin('audit export')).stdout)
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['role.granted', 'roles.assigned']))
    expect(events.filter((event) => 'nextCursor' in event)).toEqual([])
    const some = linesOf((await admin('audit export --type role.granted')).stdout)
    expect(some).toMatchObject([{ type: 'role.granted', details: { role: 'admin', how: 'operator' } }])
  })

  it('verifies the audit trail, and fails where an event was changed', async () => {
    const cron = encodeURIComponent('* * * * *')
    expect((await fetch(`${service.origin}/cdn-cgi/handler/scheduled?cron=${cron}`)).status).toBe(200)
    const [intact] = linesOf((await admin('audit verify --json')).stdout)
    expect(intact).toEqual({ intact: true, rows: expect.any(Number), firstBroken: null })
    expect(intact?.rows).toBeGreaterThan(0)
    expect((await admin('audit verify')).stdout).toBe('The audit trail is intact.\n')
    change("update audit_events set details = '{}' where type = 'role.granted'")
    const broken = await admin('audit verify')
    expect(broken).toMatchObject({ status: 1, stdout: expect.stringContaining('event_changed at number') })
  })

  it('lists the signing keys and lets the next one sign, but not twice in a row', async () => {
    change('update signing_keys set created_at = 0')
    const keys = async () => linesOf((await admin('keys list --json')).stdout)
    const next = (await keys()).find(({ state }) => state === 'next')
    expect((await admin('keys rotate')).status).toBe(0)
    expect((await keys()).find(({ state }) => state === 'current')?.kid).toBe(next?.kid)
    expect(await admin('keys rotate')).toMatchObject({ status: 1, stderr: expect.stringContaining('in ten minutes') })
  })

  it('asks for the code of an account that has a second factor, and names the permission that it lacks', async () => {
    const login = await post('/auth/login', { identifier: 'bob@example.com', password: PASSWORD })
    const { tokens } = (await login.json()) as { tokens: { accessToken: string } }
    const enrolment = await post('/auth/mfa/totp', {}, tokens.accessToken)
    const { otpauthUri } = (await enrolment.json()) as { otpauthUri: string }
    const app = URI.parse(otpauthUri) as TOTP
    const activated = await post('/auth/mfa/totp/activate', { code: app.generate() }, tokens.accessToken)
    const { recoveryCodes } = (await activated.json()) as { recoveryCodes: string[] }
    expect(await logIn('bob@example.com', 'wrong-code')).toMatchObject({ status: 1 })
    expect(await logIn('bob@example.com', recoveryCodes[0] ?? '')).toMatchObject({ status: 0 })
    expect(await admin('users list')).toMatchObject({ status: 1, stderr: expect.stringContaining('needs users:read') })
  })

  it('ends the session, after which it asks to sign in again', async () => {
    expect((await admin('logout')).status).toBe(0)
    expect(await admin('users list')).toMatchObject({ status: 1, stderr: expect.stringContaining('not signed in') })
  })

  it('names what would stop the Worker, and rotates nothing that was not confirmed', async () => {
    expect(linesOf((await admin('doctor --json')).stdout)).toEqual([{ environment: 'development', problems: [] }])
    const broken = await admin('doctor --remote')
    expect(broken).toMatchObject({ status: 1, stdout: expect.stringContaining('ISSUER') })
    const { status, stdout, stderr } = await admin('rotate signing-keys')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain('Nothing was changed')
  })
})
