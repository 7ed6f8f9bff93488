import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { refuseSecretList } from '../../scripts/lib/auth-secret.ts'
import { describeAuthSecret } from '../../scripts/lib/variables.ts'
import { type Account, forgetMachines, openAccount, SETTINGS, setUpMachine } from './support/cloud/machine.ts'

const secretOf = (seed: number) =>
  Buffer.from(Array.from({ length: 32 }, (_, byte) => (byte * 7 + seed) % 256)).toString('base64url')
const [V1, V2, OTHER_V1] = [`v1:${secretOf(1)}`, `v2:${secretOf(2)}`, `v1:${secretOf(3)}`]
const MAIL = 'RESEND_API_KEY=re_0123456789'
const withSecret = (list: string) => `${MAIL}\nAUTH_SECRET=${list}\n`

let account: Account
// Each run of a script starts a dozen processes.
vi.setConfig({ testTimeout: 240_000 })
beforeEach(() => {
  account = openAccount()
})
afterAll(forgetMachines)

/** Sets up a machine that knows the mail key, and the secret where one is given. */
function machineWith(list?: string, vars: Record<string, string> = SETTINGS) {
  const machine = setUpMachine(account, vars)
  machine.writeSecrets(list === undefined ? `${MAIL}\n` : withSecret(list))
  return machine
}
const changing = (calls: string[]) => calls.filter((call) => /^deploy |create|migrations/.test(call))
/** What an account holds after the first deployment of a list, because many tests begin with that. */
const afterFirst = new Map<string, string>()
/** Deploys a list and expects that this succeeds. */
function deployed(list: string, ...args: string[]) {
  const machine = machineWith(list)
  const isFirst = account.state().uploads.length === 0
  const kept = isFirst ? afterFirst.get(list) : undefined
  if (kept !== undefined) account.fill(kept)
  else expect(machine.run('deploy', ...args)).toMatchObject({ status: 0 })
  if (isFirst) afterFirst.set(list, kept ?? account.keep())
  return machine
}
/** Deploys a list and expects that this is refused and changes nothing. */
function refused(list: string | undefined, ...args: string[]): string {
  const before = [account.state(), changing(account.calls())]
  const { status, said } = machineWith(list).run('deploy', ...args)
  expect(status).toBe(1)
  expect([account.state(), changing(account.calls())]).toEqual(before)
  return said
}

describe('npm run deploy', () => {
  it('makes AUTH_SECRET at the first deployment, says where it is, and keeps it from then on', () => {
    const machine = machineWith()
    const { status, said } = machine.run('deploy')
    expect(said).toContain('AUTH_SECRET was made, in .dev.vars.production')
    expect(status).toBe(0)
    const written = machine.secrets()
    expect(written).toMatch(/^RESEND_API_KEY=re_0123456789\nAUTH_SECRET=v1:[\w-]{43}\n$/)
    expect(statSync(machine.file).mode & 0o777).toBe(0o600)
    const [first] = account.serving()
    expect(written).toContain(`AUTH_SECRET=${first?.secrets.AUTH_SECRET}`)
    expect(first?.vars.AUTH_SECRET_VERSIONS).toMatch(/^v1=[0-9a-f]{16}$/)
    expect(said).not.toContain(first?.secrets.AUTH_SECRET?.slice(3))

    expect(machine.run('deploy').status).toBe(0)
    expect(machine.secrets()).toBe(written)
    expect(account.serving()).toEqual([{ ...first, id: 'upload-2' }])
  })

  it('keeps the invitation of an administrator, of which production knows only a hash', () => {
    const machine = deployed(V1)
    const { status, said } = machine.run('admin', 'create-admin', 'ada@example.com', '--remote')
    expect(status).toBe(0)
    const [, token = ''] = /https:\/\/auth\.example\.com\/accept-invitation#token=([\w-]{43})\n/.exec(said) ?? []
    const hash = createHash('sha256').update(token).digest('base64url')
    const [serving] = account.serving()
    expect(serving?.secrets.ADMIN_INVITATION).toMatch(new RegExp(`^ada@example\\.com\\.\\d{10}\\.${hash}$`))
    expect(machine.run('deploy').status).toBe(0)
    expect(account.serving()).toMatchObject([{ secrets: serving?.secrets }])
  })

  it('migrates before it uploads, and asks for no R2 bucket and no mail binding', () => {
    deployed(V1)
    const calls = account.calls()
    expect(calls.findIndex((call) => call.startsWith('d1 migrations apply'))).toBeLessThan(
      calls.findIndex((call) => call.startsWith('deploy ')),
    )
    expect(calls.filter((call) => call.startsWith('r2') || call.startsWith('email'))).toEqual([])
  })

  it('keeps the secret and its fingerprints when it runs on another machine that has no file', () => {
    deployed(V1)
    const [first] = account.serving()
    const machine = setUpMachine(account)
    expect(machine.run('deploy').status).toBe(0)
    expect(machine.secrets()).toBeNull()
    expect(account.serving()).toEqual([{ ...first, id: 'upload-2' }])
    expect(refused(OTHER_V1)).toContain('v1 of AUTH_SECRET is deployed with another value')
  })

  it('continues after it stopped half-way, with the secret that it had made', () => {
    const machine = machineWith()
    account.change({ fail: 'd1 migrations' })
    const stopped = machine.run('deploy')
    expect(stopped.status).toBe(1)
    expect(stopped.said).toContain('run the command again')
    const written = machine.secrets()
    account.change({ fail: null })
    expect(machine.run('deploy').status).toBe(0)
    expect(machine.secrets()).toBe(written)
  })

  it('leaves the secrets nowhere else on the machine where the upload fails (ASVS 13.3.1)', () => {
    const machine = machineWith(V1)
    account.change({ fail: 'deploy --env' })
    expect(machine.run('deploy').status).toBe(1)
    const [, file = ''] = /--secrets-file (\S+)/.exec(account.calls().join('\n')) ?? []
    expect(file).toMatch(/secrets\.json$/)
    expect(existsSync(file)).toBe(false)
  })

  it('stops when it cannot find out what is deployed, and does not treat that as a first deployment', () => {
    deployed(V1)
    account.change({ fail: 'deployments status' })
    expect(refused(undefined)).toContain('Nobody knows what is deployed')
  })

  it('stops where nobody is logged in', () => {
    account.change({ loggedIn: false })
    const machine = machineWith()
    expect(machine.run('deploy')).toMatchObject({ status: 1, said: expect.stringContaining('wrangler login') })
    expect(machine.secrets()).toBe(`${MAIL}\n`)
  })

  it('compares with the version that serves after a roll-back, and not with the last upload', () => {
    deployed(V1)
    deployed(`${V1},${V2}`)
    account.change({ serving: ['upload-1'] })
    expect(refused(`${V2},${V1}`)).toContain('v2 is not accepted yet')
    expect(refused(undefined)).toContain('which AUTH_SECRET')
  })

  it('drops no version that an authenticator app or a webhook still needs', () => {
    deployed(V1)
    deployed(`${V1},${V2}`)
    deployed(`${V2},${V1}`)
    const database = account.database()
    database.exec(`insert into users (id, email, created_at) values ('ada', 'ada@example.com', 0);
      insert into totp_secrets (user_id, seals, sealed_for, created_at) values ('ada', '{}', 'v1', 0)`)
    expect(refused(V2)).toContain('1 secrets of authenticator apps and webhooks still need a version')
    database.exec(`update totp_secrets set sealed_for = 'v1,v2';
      insert into webhooks (id, url, events, created_at) values ('hook', 'https://hooks.example.com/', '[]', 0);
      insert into webhook_secrets (id, webhook_id, seals, sealed_for, created_at) values ('s', 'hook', '{}', 'v1', 0)`)
    expect(refused(V2)).toContain('1 secrets of authenticator apps and webhooks still need a version')
    database.exec("update webhook_secrets set sealed_for = 'v1,v2'")
    deployed(V2)
    // An app that no listed version opened before needs none of them.
    database.exec("update totp_secrets set sealed_for = 'v0'")
    database.close()
    deployed(V2)
  })

  it('replaces the secret when it is told to', () => {
    deployed(V1)
    deployed(OTHER_V1, '--replace-auth-secret')
    expect(account.serving()[0]?.secrets.AUTH_SECRET).toBe(OTHER_V1)
    expect(refused(V1)).toContain('another value')
  })
})

describe('a list of AUTH_SECRET that follows another', () => {
  const serving = (...fingerprints: (string | null)[]) =>
    fingerprints.map((list) => ({ secretNames: ['AUTH_SECRET'], fingerprints: list }))

  it.each([
    ['v1=a', 'v1=a'],
    ['v1=a,v2=b', 'v1=a'],
    ['v2=b,v1=a', 'v1=a,v2=b'],
    ['v2=b', 'v2=b,v1=a'],
    ['v1=a,v2=b', 'v2=b,v1=a'],
    ['v1=a', 'v1=a,v2=b'],
    ['v1=a,v3=c', 'v1=a,v2=b'],
  ])('may be %s after %s, because both can run side by side', (wanted, before) => {
    expect(refuseSecretList(wanted, serving(before))).toBeNull()
  })

  it.each([
    ['v1=x', ['v1=a'], 'another value'],
    ['v2=b,v1=x', ['v2=b,v1=a'], 'another value'],
    ['v2=b', ['v1=a'], 'lacks v1'],
    ['v1=a', ['v2=b,v1=a'], 'lacks v2'],
    ['v2=b,v1=a', ['v1=a'], 'v2 is not accepted yet'],
    ['v2=b,v1=a', ['v1=a,v2=b', 'v1=a'], 'v2 is not accepted yet'],
    ['v1=a', [null], 'did not set'],
  ])('must not be %s after %j', (wanted, before, rule) => {
    expect(refuseSecretList(wanted, serving(...before))).toContain(rule)
  })

  it('may be any list where none is deployed', () => {
    expect(refuseSecretList('v1=a', [])).toBeNull()
    expect(refuseSecretList('v1=a', [{ secretNames: [], fingerprints: null }])).toBeNull()
  })

  it('is described by 64 bits for each version, which depend on the value alone', async () => {
    const described = await describeAuthSecret(`${V2},${V1}`)
    expect(described).toMatch(/^v2=[0-9a-f]{16},v1=[0-9a-f]{16}$/)
    expect(await describeAuthSecret(V1)).toBe(described.split(',')[1])
    expect(await describeAuthSecret(OTHER_V1)).not.toBe(described.split(',')[1])
  })
})

const WRONG: [string, Record<string, string>, string][] = [
  [
    'an issuer with a query',
    {
      OIDC_PROVIDERS:
        '[{"id":"corp","name":"Corp","issuer":"https://id.example.com/?x","clientId":"a","clientSecret":"b"}]',
    },
    'OIDC_PROVIDERS',
  ],
  ['a mail API without TLS', { RESEND_BASE_URL: 'http://api.example.com' }, 'RESEND_BASE_URL'],
  ['a mail binding that is not there', { MAIL_TRANSPORT: 'binding' }, 'MAIL_TRANSPORT'],
]

describe.each(WRONG)('%s', (_, vars, name) => {
  it('is refused by npm run doctor and npm run deploy as by the Worker', () => {
    const machine = machineWith(V1, { ...SETTINGS, ...vars })
    for (const script of ['doctor', 'deploy']) {
      const { status, said } = machine.run(script)
      expect(said).toContain(`${name}: `)
      expect(status).toBe(1)
    }
    expect(changing(account.calls())).toEqual([])
  })
})

describe('npm run doctor', () => {
  it('names every variable that production lacks, and the rule', () => {
    const { status, said } = setUpMachine(account, { ISSUER: 'http://auth.example.com' }).run('doctor')
    expect(status).toBe(1)
    expect(said).toContain('AUTH_SECRET: must be set')
    expect(said).toContain('MAIL_TRANSPORT')
  })

  it('accepts a complete configuration, and a mail binding that is there', () => {
    expect(machineWith(V1).run('doctor')).toMatchObject({ status: 0, said: expect.stringContaining('in order') })
    const binding = '\n[[env.production.send_email]]\nname = "SEND_EMAIL"\n'
    const machine = setUpMachine(account, { ...SETTINGS, MAIL_TRANSPORT: 'binding' }, binding)
    machine.writeSecrets(`AUTH_SECRET=${V1}\n`)
    expect(machine.run('doctor')).toMatchObject({ status: 0 })
  })
})

describe('npm run rotate', () => {
  const MADE_BY_THE_SECRET = ['signing_keys', 'sessions', 'grants', 'one_time_tokens', 'login_exchanges']
  const count = (table: string) => account.database().prepare(`select count(*) as n from ${table}`).get()?.n
  const addKey = () =>
    account
      .database()
      .exec(
        "insert into signing_keys (period, ordinal, kid, public_jwk, seals, created_at) values (1, 0, 'k', '{}', '{}', 0)",
      )

  const addSession = () =>
    account
      .database()
      .exec(`insert into users (id, email, password_hash, created_at) values ('u', 'ada@example.com', 'x', 0);
      insert into sessions (id, user_id, methods, authenticated_at, created_at, last_seen_at, expires_at)
        values ('s', 'u', '[]', 0, 0, 0, 0);
      insert into grants (id, session_id, salt, rotated_at) values ('g', 's', 'x', 0)`)

  it('says what it would end, and does nothing without --yes', () => {
    const machine = deployed(V1)
    addKey()
    expect(machine.run('rotate', 'auth-secret', '--remote').status).toBe(1)
    expect(machine.run('rotate', 'signing-keys', '--yes').status).toBe(2)
    expect([count('signing_keys'), machine.secrets()]).toEqual([1, withSecret(V1)])
  })

  it('deletes the signing keys, also when it is run again, and changes no secret', () => {
    const machine = deployed(V1)
    for (let times = 0; times < 2; times += 1) {
      addKey()
      expect(machine.run('rotate', 'signing-keys', '--remote', '--yes')).toMatchObject({ status: 0 })
      expect(count('signing_keys')).toBe(0)
    }
    expect(account.serving()[0]?.id).toBe('upload-1')
  })

  it('deploys a single new version of AUTH_SECRET and deletes what the old one made', () => {
    const machine = deployed(`${V1},${V2}`)
    addKey()
    addSession()
    expect(MADE_BY_THE_SECRET.map(count)).toEqual([1, 1, 1, 0, 0])
    expect(machine.run('rotate', 'auth-secret', '--remote', '--yes')).toMatchObject({ status: 0 })
    const [serving] = account.serving()
    expect(serving?.secrets.AUTH_SECRET).toMatch(/^v3:[\w-]{43}$/)
    expect(machine.secrets()).toBe(withSecret(serving?.secrets.AUTH_SECRET ?? ''))
    expect(MADE_BY_THE_SECRET.map(count)).toEqual([0, 0, 0, 0, 0])
    expect(refused(`${V1},${V2}`)).toContain('lacks v3')
  })

  it('continues to replace AUTH_SECRET after it stopped half-way, from a machine that never had the secret', () => {
    deployed(V1)
    const machine = setUpMachine(account)
    account.change({ fail: 'd1 migrations' })
    expect(machine.run('rotate', 'auth-secret', '--remote', '--yes').status).toBe(1)
    expect(account.serving()[0]?.secrets.AUTH_SECRET).toBe(V1)
    account.change({ fail: null })
    expect(machine.run('rotate', 'auth-secret', '--remote', '--yes').status).toBe(0)
    expect(account.serving()[0]?.secrets.AUTH_SECRET).toMatch(/^v3:/)
  })
})
