import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import page from '../../docs/request-costs.md?raw'
import { ENDED_SESSIONS_SHARDS } from '../../src/config.ts'
import { composePlatform } from '../../src/platform/compose.ts'
import { SYSTEM } from '../../src/platform/requester.ts'
import { giveSecondFactor, mailedCode, mailedToken, signedIn, verified } from '../support/accounts.ts'
import { measureAdministration } from '../support/administration-costs.ts'
import { totpCode } from '../support/authenticator.ts'
import { APP, createBrowser } from '../support/browser.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer, logIn, newEmail, ORIGIN, PASSWORD } from '../support/client.ts'
import { mailsSettled, rows as queryRows } from '../support/database.ts'
import { measureFactors, measureUndoing } from '../support/factor-costs.ts'
import { listOperations } from '../support/openapi.ts'
import { sendPicture } from '../support/picture-upload.ts'
import { png } from '../support/pictures.ts'
import { locationOf, newSubject, newVerifier, oauthEnv, startPath, stubProviders } from '../support/providers.ts'
import { createCostTable } from '../support/request-costs.ts'
import { basic, fetchWorker, SERVICE } from '../support/services.ts'
import { newSessionIn } from '../support/shards.ts'

const INVITATION_TOKEN = 'the token of the link'
const providers = stubProviders()
const variables = Object.entries(oauthEnv()).filter(([, value]) => typeof value === 'string')
const costs = createCostTable({
  ...Object.fromEntries(variables),
  SERVICE_CLIENTS: JSON.stringify([SERVICE]),
  MFA_EMAIL_FALLBACK: 'on',
  ADMIN_INVITATION: `invited@example.com.9999999999.${createHash('sha256').update(INVITATION_TOKEN).digest('base64url')}`,
})
const { env, measure, ask } = costs

const newPerson = () => ({ sub: newSubject(), email: newEmail(), email_verified: true })
const NEW_PASSWORD = `${PASSWORD} 2`

async function measureAccounts(): Promise<void> {
  const email = newEmail()
  await ask('POST /auth/register', { body: { email, password: PASSWORD } })
  await ask('POST /auth/resend-verification', { body: { email } })
  await ask('POST /auth/verify-email', { body: { token: await mailedToken(email, 'verify_email') } })
  const user = await logIn(email)
  await ask('GET /auth/me', { as: user })
  await ask('GET /auth/me/export', { as: user })
  await ask('PATCH /auth/me', { as: user, body: { name: 'Ada' } })
  await measurePictures(user)
  const newAddress = newEmail()
  await ask('POST /auth/change-email', { as: user, body: { newEmail: newAddress, password: PASSWORD } })
  const token = await mailedToken(newAddress, 'change_email')
  await ask('POST /auth/confirm-email-change', { body: { token } })
  await ask('DELETE /auth/me', { as: await signedIn(), note: 'after a recent login' })
}

async function measurePictures(user: Awaited<ReturnType<typeof logIn>>): Promise<void> {
  await measure('PUT /auth/me/picture', () => sendPicture(png(), { as: user, env }))
  const at = `/users/${user.user.id}/picture`
  const shown = await ask('GET /users/{id}/picture', { at })
  await shown.arrayBuffer()
  const headers = { 'If-None-Match': shown.headers.get('ETag') ?? '' }
  await measure('GET /users/{id}/picture', () => callWorker(env, 'GET', at, { headers }), 'of one that is known')
  await ask('DELETE /auth/me/picture', { as: user })
}

async function measureLogins(): Promise<void> {
  const account = await verified()
  const credentials = { identifier: account.email, password: PASSWORD }
  await ask('POST /auth/login', { body: credentials, note: 'the first one' })
  await ask('POST /auth/login', { body: credentials, note: 'on a new device' })
  await ask('POST /auth/login', { body: { ...credentials, password: 'wrong' }, note: 'with a wrong password' })
  await ask('POST /auth/login', { body: { ...credentials, identifier: newEmail() }, note: 'with an unknown address' })
  const secret = await giveSecondFactor(account.id)
  const waiting = await ask('POST /auth/login', { body: credentials, note: 'with a second factor' })
  const { ticket } = (await waiting.json()) as { ticket: string }
  await ask('POST /auth/login/mfa/email', { body: { ticket } })
  await ask('POST /auth/login/mfa', { body: { ticket, method: 'totp', code: totpCode(secret) } })
}

async function measureSessions(): Promise<void> {
  const user = await signedIn()
  await ask('POST /auth/refresh', { body: { refreshToken: user.tokens.refreshToken } })
  await ask('GET /auth/session', { as: user })
  await ask('GET /auth/sessions', { as: user })
  await ask('GET /auth/me/activity', { as: user })
  await ask('DELETE /auth/sessions', { as: user, note: 'without another one' })
  const other = await logIn(user.email)
  await ask('DELETE /auth/sessions/{id}', { as: user, at: `/auth/sessions/${other.session.id}` })
  await logIn(user.email)
  await ask('DELETE /auth/sessions', { as: user, note: 'with another one' })
  await ask('POST /auth/logout', { as: user, body: {} })
  await ask('POST /auth/logout', { as: user, body: {}, note: 'replayed' })
  const { tokens } = await signedIn()
  await ask('POST /auth/logout', { body: { refreshToken: tokens.refreshToken }, note: 'by the refresh token alone' })
}

async function measurePasswords(): Promise<void> {
  const { email } = await verified()
  await ask('POST /auth/forgot-password', { body: { email } })
  const code = await mailedCode(email, 'reset_password')
  await ask('POST /auth/reset-password', { body: { email, code, password: NEW_PASSWORD }, note: 'by the code' })
  await ask('POST /auth/accept-invitation', { body: { token: INVITATION_TOKEN, password: NEW_PASSWORD } })
  const user = await logIn(email, NEW_PASSWORD)
  await ask('POST /auth/change-password', {
    as: user,
    body: { currentPassword: NEW_PASSWORD, newPassword: PASSWORD },
  })
}

async function measureProviders(): Promise<void> {
  await ask('GET /auth/oauth/providers')
  const browser = createBrowser(env)
  const visit = async (route: string, path: string, note?: string) =>
    await measure(route, () => browser.open(path), note)
  const person = newPerson()
  const { codeVerifier, codeChallenge } = newVerifier()
  const wishes = { delivery: 'body', codeChallenge }
  for (const note of ['of a new person', 'of a known person']) {
    const away = await visit('GET /auth/oauth/{provider}', startPath('google', wishes), note)
    const back = await visit('GET /auth/oauth/{provider}/callback', providers.google(away, person), note)
    const code = locationOf(back).searchParams.get('code')
    await ask('POST /auth/oauth/exchange', { body: { code, codeVerifier }, note })
  }
  const owner = await verified()
  const login = { identifier: owner.email, password: PASSWORD, delivery: 'cookie' }
  await browser.fetch('POST', '/auth/login', login)
  const link = '/auth/oauth/google/link'
  const asked = await measure('POST /auth/oauth/{provider}/link', () =>
    browser.fetch('POST', link, { redirectTo: `${APP}/signed-in` }),
  )
  const { url } = (await asked.json()) as { url: string }
  const away = await visit('GET /auth/oauth/{provider}/link', url)
  await visit('GET /auth/oauth/{provider}/callback', providers.google(away, newPerson()), 'to link')
  await measure('DELETE /auth/oauth/{provider}', () => browser.fetch('DELETE', '/auth/oauth/google'))
}

async function measureServices(): Promise<void> {
  const admin = await signedIn()
  await queryRows("insert into user_roles (user_id, role) values (?, 'admin')", admin.id)
  await ask('GET /audit-events', { as: admin })
  await ask('GET /audit-events/verification', { as: admin })
  const form = (route: string, token: string) =>
    measure(route, () =>
      fetchWorker(
        new Request(`${ORIGIN}${route.split(' ')[1]}`, {
          method: 'POST',
          headers: {
            Authorization: basic(SERVICE.id, SERVICE.secret),
            'Content-Type': 'application/x-www-form-urlencoded',
          },
          body: new URLSearchParams({ token }).toString(),
        }),
        env,
      ),
    )
  await form('POST /auth/introspect', admin.tokens.accessToken)
  await form('POST /auth/revoke', admin.tokens.accessToken)
  for (const path of ['/health', '/health/ready']) await ask(`GET ${path}`)
  const wellKnown = ['jwks.json', 'oauth-authorization-server', 'webauthn', 'passkey-endpoints', 'change-password']
  for (const name of wellKnown) await ask(`GET /.well-known/${name}`)
}

beforeAll(async () => {
  // Nothing grows old in the memory of the isolate while the requests are measured.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
  await callWorker(env, 'GET', '/.well-known/jwks.json')
  const { blocklist } = composePlatform(env, SYSTEM, { waitUntil: () => {} })
  for (let shard = 0; shard < ENDED_SESSIONS_SHARDS; shard += 1) await blocklist.isRevoked(newSessionIn(shard))
  await measureAccounts()
  await measureLogins()
  await measureSessions()
  await measurePasswords()
  await measureProviders()
  await measureFactors(ask)
  await measureUndoing(ask)
  await measureAdministration(ask)
  await measureServices()
}, 120_000)
afterAll(async () => {
  vi.useRealTimers()
  await mailsSettled()
})

describe('what a request asks of the platform', () => {
  it('is what docs/request-costs.md says, for every line of it', () => {
    const [, table = ''] = /<!-- costs:[^\n]*-->\n([\s\S]*?)\n?<!-- \/costs -->/.exec(page) ?? []
    expect(table).toBe(costs.toMarkdown())
  })

  it('is measured for every route of the document', () => {
    const measured = new Set(costs.rows.map((row) => /`([^`]+)`/.exec(row)?.[1]))
    const missing = listOperations().filter(({ method, path }) => !measured.has(`${method} ${path}`))
    expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([])
  })

  it('is nothing at all for GET /auth/session', () => {
    expect(costs.rows).toContain('| `GET /auth/session` | 200 |  |  |  |  |  |  |  |  |  |')
  })

  it.each([
    'GET /auth/me',
    'GET /auth/me/activity',
    'GET /auth/sessions',
    'GET /auth/passkeys',
    'GET /permissions',
    'GET /roles',
    'GET /users',
    'GET /users/{id}',
    'GET /users/{id}/sessions',
    'GET /audit-events',
    'GET /webhooks',
    'GET /stats',
    'POST /auth/introspect',
  ])('is one round trip to D1, and nothing else, for a read that has to ask it: %s', (route) => {
    expect(costs.rows).toContain(`| \`${route}\` | 200 | 1 |  |  |  |  |  |  |  |  |`)
  })

  it('is one round trip for a refresh, and one read, one call of an object and one batch for a login', () => {
    expect(costs.rows).toContain('| `POST /auth/refresh` | 200 |  |  | 1 | 2 |  |  |  |  |  |')
    expect(costs.rows).toContain('| `POST /auth/login`, the first one | 200 | 1 |  | 1 | 13 |  |  | 1 |  |  |')
  })
})

/** Finds the comparisons that limit the partial indexes of the database, such as `status = 'deactivated'`. */
async function limitsOfIndexes() {
  const indexes = await queryRows(
    "select tbl_name, sql from sqlite_master where type = 'index' and sql like '% where %'",
  )
  return indexes.flatMap(({ tbl_name, sql }) => {
    const [, column, operator] = /where (\w+) (=|[<>]=?) /i.exec(String(sql)) ?? []
    return column && operator ? [{ table: String(tbl_name), column, operator }] : []
  })
}

describe('the plan of a statement', () => {
  it('does not depend on its values, because SQLite would then make a new one at each run', async () => {
    const limits = await limitsOfIndexes()
    expect(limits).toContainEqual({ table: 'users', column: 'status', operator: '=' })
    const planned = [...costs.statements].filter((statement) => {
      // What an update sets is no condition.
      const conditions = statement.replace(/^update .*? where/, '')
      return limits.some(
        ({ table, column, operator }) =>
          statement.includes(table) && new RegExp(`\\b${column}"? ${operator} \\?`).test(conditions),
      )
    })
    expect(planned).toEqual([])
  })
})

describe('GET /auth/session in an isolate that is new', () => {
  it('asks KV once for the list of ended sessions of its shard, and then nobody', async () => {
    const isolate = createCostTable({})
    await callWorker(isolate.env, 'GET', '/.well-known/jwks.json')
    const headers = bearer((await signedIn()).tokens.accessToken)
    const read = () => callWorker(isolate.env, 'GET', '/auth/session', { headers })
    await isolate.measure('GET /auth/session', read)
    await isolate.measure('GET /auth/session', read)
    expect(isolate.rows).toEqual([
      '| `GET /auth/session` | 200 |  |  |  |  | 1 |  |  |  |  |',
      '| `GET /auth/session` | 200 |  |  |  |  |  |  |  |  |  |',
    ])
  })
})
