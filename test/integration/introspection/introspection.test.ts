import * as oauth from 'oauth4webapi'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Introspection } from '../../../src/contracts/introspection.ts'
import { deactivate, mailedToken, registered, signedIn } from '../../support/accounts.ts'
import { answerOf } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, ORIGIN, PASSWORD, post, type SignedIn, send } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { ageRotation } from '../../support/grants.ts'
import { ask, fetchWorker, SERVICE, services } from '../../support/services.ts'
import { isOnBlocklist } from '../../support/shards.ts'
import { accountState } from '../../support/stored-state.ts'

afterEach(() => vi.useRealTimers())

const introspect = (token: string) => ask('/auth/introspect', { token })
const stateOf = async (token: string) => await answerOf(await introspect(token), Introspection)
const INACTIVE = { active: false }

describe('POST /auth/introspect (RFC 7662)', () => {
  it('answers to whom an access token belongs', async () => {
    const { id, session, tokens, username } = { ...(await signedIn({ username: 'grace' })), username: 'grace' }
    const now = Math.floor(Date.now() / 1000)
    const response = await introspect(tokens.accessToken)
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    const answer = await answerOf(response, Introspection)
    expect(answer).toMatchObject({
      active: true,
      token_type: 'access_token',
      iss: ORIGIN,
      aud: ORIGIN,
      sub: id,
      sid: session.id,
      username,
      roles: ['user'],
      permissions: [],
      amr: ['pwd'],
      acr: 'urn:postern:acr:single-factor',
    })
    expect(answer.active && answer.exp - answer.iat).toBe(900)
    expect(answer.active && Math.abs(answer.auth_time - now)).toBeLessThanOrEqual(60)
  })

  it('answers to whom a refresh token belongs, and when its session ends', async () => {
    const { id, session, tokens } = await signedIn()
    const answer = await stateOf(tokens.refreshToken)
    expect(answer).toMatchObject({ active: true, token_type: 'refresh_token', sub: id, sid: session.id })
    const [row] = await rows('select expires_at from sessions where id = ?', session.id)
    expect(answer.active && answer.exp).toBe(Math.floor(Number(row?.expires_at) / 1000))
  })

  it('answers with the roles and permissions of now, and not with those in the token (ASVS 8.3.2)', async () => {
    const { id, tokens } = await signedIn()
    await rows("insert into user_roles (user_id, role) values (?, 'admin')", id)
    expect(await stateOf(tokens.accessToken)).toMatchObject({ active: true, roles: ['admin', 'user'] })
  })

  const ENDINGS: Record<string, (account: SignedIn & { id: string }) => Promise<unknown>> = {
    logout: ({ tokens }) => post('/auth/logout', {}, bearer(tokens.accessToken)),
    'ending the session': ({ session, tokens }) =>
      send('DELETE', `/auth/sessions/${session.id}`, { headers: bearer(tokens.accessToken) }),
    deactivation: ({ id }) => deactivate(id),
    'deleting the account': ({ tokens }) =>
      send('DELETE', '/auth/me', { headers: bearer(tokens.accessToken), body: { password: PASSWORD } }),
    'the end of its life': async () => vi.setSystemTime(Date.now() + 2_592_000_000),
    'the idle time-out': async () => vi.setSystemTime(Date.now() + 1_200_000),
    'theft of the refresh token': async ({ session, tokens }) => {
      const refresh = () => post('/auth/refresh', { refreshToken: tokens.refreshToken })
      await refresh()
      await ageRotation(session.id, 61_000)
      await refresh()
    },
  }
  it.each(Object.keys(ENDINGS))('answers at once that both tokens are inactive after %s', async (ending) => {
    const account = await signedIn()
    expect(await stateOf(account.tokens.accessToken)).toMatchObject({ active: true })
    await ENDINGS[ending]?.(account)
    expect(await stateOf(account.tokens.accessToken)).toEqual(INACTIVE)
    expect(await stateOf(account.tokens.refreshToken)).toEqual(INACTIVE)
  })

  it('answers that a refresh token before the current one is inactive, within its grace too', async () => {
    const { tokens } = await signedIn()
    const next = (await (await post('/auth/refresh', { refreshToken: tokens.refreshToken })).json()) as typeof tokens
    expect(await stateOf(tokens.refreshToken)).toEqual(INACTIVE)
    expect(await stateOf(next.refreshToken)).toMatchObject({ active: true })
  })

  it('answers that an access token is active until it expires, and the refresh token beside it for longer', async () => {
    const { tokens } = await signedIn()
    vi.setSystemTime(Date.now() + 901_000)
    expect(await stateOf(tokens.accessToken)).toEqual(INACTIVE)
    expect(await stateOf(tokens.refreshToken)).toMatchObject({ active: true })
  })

  it('answers that a token of another kind, or no token at all, is inactive (RFC 7662 §2.2)', async () => {
    const { tokens, session } = await signedIn()
    const waiting = await registered()
    const [header = '', payload = ''] = tokens.accessToken.split('.')
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    for (const token of [
      await mailedToken(waiting.email, 'verify_email'),
      session.deviceToken,
      session.id,
      `${header}.${payload}.`,
      `${none}.${payload}.`,
      `${tokens.accessToken.slice(0, -4)}AAAA`,
      `${tokens.refreshToken.slice(0, -4)}AAAA`,
      ' ',
      'nonsense',
    ])
      expect(await stateOf(token)).toEqual(INACTIVE)
  })

  it('counts as use of the session of an access token', async () => {
    const { tokens, session } = await signedIn()
    const sent: unknown[] = []
    const send = async (message: unknown) => void sent.push(message)
    const bindings = { ...services, ACTIVITY_QUEUE: { send } } as unknown as Env
    for (const token of [tokens.refreshToken, tokens.accessToken])
      await ask('/auth/introspect', { token }, {}, bindings)
    expect(sent).toMatchObject([{ sessionId: session.id }])
  })
})

describe('POST /auth/revoke (RFC 7009)', () => {
  const revoke = (token: string) => ask('/auth/revoke', { token })

  it.each(['accessToken', 'refreshToken'] as const)(
    'ends the session of an %s with all its tokens, and the audit trail names the service that did it',
    async (kind) => {
      const { id, session, tokens } = await signedIn()
      const answer = await revoke(tokens[kind])
      expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 200, text: '' })
      expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
      expect(await isOnBlocklist(session.id)).toBe(true)
      expect((await get('/auth/me', bearer(tokens.accessToken))).status).toBe(401)
      expect((await post('/auth/refresh', { refreshToken: tokens.refreshToken })).status).toBe(401)
      const details = { sessionId: session.id, client: 'orders' }
      expect(await auditOf('session.ended', id)).toMatchObject([{ actor_id: 'orders', details }])
    },
  )

  it('ends the session of a refresh token that was rotated away, because whoever reports one holds a copy', async () => {
    const { session, tokens } = await signedIn()
    await post('/auth/refresh', { refreshToken: tokens.refreshToken })
    expect((await revoke(tokens.refreshToken)).status).toBe(200)
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
  })

  it('answers 200 and ends nothing for what is no token, or no longer one (RFC 7009 §2.2)', async () => {
    const { tokens } = await signedIn()
    const ended = await signedIn()
    await revoke(ended.tokens.accessToken)
    const before = await accountState()
    for (const token of [
      'nonsense',
      ended.tokens.accessToken,
      ended.tokens.refreshToken,
      `${tokens.refreshToken.slice(0, -4)}AAAA`,
      `${tokens.accessToken.slice(0, -4)}AAAA`,
    ])
      expect((await revoke(token)).status).toBe(200)
    expect(await accountState()).toEqual(before)
  })
})

describe('a stock OAuth client (oauth4webapi)', () => {
  const options = { [oauth.customFetch]: (url: string, init: object) => fetchWorker(new Request(url, init)) }

  it('finds both endpoints by the metadata (RFC 8414), introspects and revokes', async () => {
    const { id, tokens } = await signedIn()
    const metadata = await callWorker(services, 'GET', '/.well-known/oauth-authorization-server')
    const server = (await metadata.json()) as oauth.AuthorizationServer
    expect(server.issuer).toBe(ORIGIN)
    const insecure = { ...options, [oauth.allowInsecureRequests]: true }
    const client = { client_id: SERVICE.id }
    const authentication = oauth.ClientSecretBasic(SERVICE.secret)
    const look = async () =>
      await oauth.processIntrospectionResponse(
        server,
        client,
        await oauth.introspectionRequest(server, client, authentication, tokens.accessToken, insecure),
      )
    expect(await look()).toMatchObject({ active: true, sub: id })
    const revoked = await oauth.revocationRequest(server, client, authentication, tokens.refreshToken, insecure)
    await oauth.processRevocationResponse(revoked)
    expect(await look()).toEqual(INACTIVE)
  })
})
