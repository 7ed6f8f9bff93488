import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { User } from '../../../src/contracts/users.ts'
import {
  canLogIn,
  deactivate,
  giveSecondFactor,
  registered,
  SAME_ORIGIN,
  signedIn,
  signedInByCookie,
  verified,
} from '../../support/accounts.ts'
import { answerOf, cookiesOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, logIn, PASSWORD, post, send, waitForMail } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { accountState, queryOne } from '../../support/stored-state.ts'

const me = (accessToken: string) => get('/auth/me', bearer(accessToken))
const patch = (accessToken: string, body: unknown) => send('PATCH', '/auth/me', { body, headers: bearer(accessToken) })
const remove = (accessToken: string, body?: unknown) =>
  send('DELETE', '/auth/me', { body, headers: bearer(accessToken) })

afterEach(() => vi.useRealTimers())

describe('GET /auth/me', () => {
  it('answers with the account as it is now, without anything secret', async () => {
    const { id, email, tokens } = await signedIn({ username: 'noether', name: 'Emmy Noether' })
    const response = await me(tokens.accessToken)
    expect(await response.clone().text()).not.toMatch(/argon2|salt|hash/i)
    const user = await answerOf(response, User)
    expect(user).toMatchObject({ id, email, username: 'noether', name: 'Emmy Noether', status: 'active' })
    await giveSecondFactor(id)
    await rows("insert into user_roles (user_id, role) values (?, 'admin')", id)
    const changed = await answerOf(await me(tokens.accessToken), User)
    expect(changed.mfa).toEqual({ totp: true, passkeys: 0, recoveryCodesLeft: 0 })
    expect(changed.roles).toEqual(['admin', 'user'])
    expect(changed.permissions).toContain('users:read')
    expect(changed.permissions).toEqual([...changed.permissions].sort())
  })

  it('refuses without a token, once the session ended, and once deactivated (GHSA-2vg6-77g8-24mp)', async () => {
    await expectRefusal(await get('/auth/me'), 401, 'unauthenticated')
    const { id, email, session, tokens } = await signedIn()
    const other = await logIn(email)
    await rows('delete from sessions where id = ?', session.id)
    await expectRefusal(await me(tokens.accessToken), 401, 'unauthenticated')
    await deactivate(id)
    await expectRefusal(await me(other.tokens.accessToken), 401, 'unauthenticated')
  })

  it('refuses a session that was idle for too long (ASVS 7.3.1)', async () => {
    const { tokens } = await signedIn()
    const strict = { ...env, SESSION_IDLE_TIMEOUT_SECONDS: '600' } as unknown as Env
    vi.setSystemTime(Date.now() + 601_000)
    const refused = await callWorker(strict, 'GET', '/auth/me', { headers: bearer(tokens.accessToken) })
    await expectRefusal(refused, 401, 'unauthenticated')
    expect((await me(tokens.accessToken)).status).toBe(200)
  })
})

describe('PATCH /auth/me', () => {
  it('changes what is named and nothing else', async () => {
    const { id, tokens } = await signedIn({ username: 'curie', name: 'Maria' })
    const named = await answerOf(await patch(tokens.accessToken, { name: ' Marie Curie ' }), User)
    expect(named).toMatchObject({ name: 'Marie Curie', username: 'curie' })
    const renamed = await answerOf(await patch(tokens.accessToken, { username: 'MCurie' }), User)
    expect(renamed).toMatchObject({ name: 'Marie Curie', username: 'MCurie' })
    // The activity queue may have updated this time meanwhile.
    const { lastSeenAt: _, ...kept } = renamed
    expect(await answerOf(await me(tokens.accessToken), User)).toMatchObject(kept)
    expect(await queryOne('select name, username from users where id = ?', id)).toEqual({
      name: 'Marie Curie',
      username: 'MCurie',
    })
    expect(await canLogIn('mcurie', PASSWORD)).toBe(true)
    expect(await canLogIn('curie', PASSWORD)).toBe(false)
    expect(await auditOf('user.updated', id)).toMatchObject([
      { details: { changed: ['name'] } },
      { details: { changed: ['username'] } },
    ])
  })

  it('removes members that are null, and changes nothing when the body is empty', async () => {
    const { tokens } = await signedIn({ username: 'franklin', name: 'Rosalind' })
    const cleared = await answerOf(await patch(tokens.accessToken, { name: null, username: null }), User)
    expect(cleared).toMatchObject({ name: null, username: null })
    // The activity queue may have updated this time meanwhile.
    const { lastSeenAt: _, ...kept } = cleared
    expect(await answerOf(await patch(tokens.accessToken, {}), User)).toMatchObject(kept)
  })

  it('may change the case of my own username', async () => {
    const { tokens } = await signedIn({ username: 'lovelace' })
    expect((await answerOf(await patch(tokens.accessToken, { username: 'Lovelace' }), User)).username).toBe('Lovelace')
  })

  it('refuses a username that is taken, in any case, and changes nothing', async () => {
    const { tokens } = await signedIn({ name: 'Before' })
    await verified({ username: 'Babbage' })
    const before = await accountState()
    await expectRefusal(await patch(tokens.accessToken, { name: 'After', username: 'bABBAGE' }), 409, 'username_taken')
    expect(await accountState()).toEqual(before)
  })

  it.each([
    { username: 'no spaces' },
    { username: '' },
    { name: '' },
    { name: 'a\u0000b' },
    { name: 'a\u202eb' },
    { name: 7 },
    { email: 'other@example.com' },
    { roles: ['admin'] },
    { status: 'active' },
    { emailVerified: true },
    [],
    null,
  ])('refuses %j and changes nothing (CWE-915)', async (body) => {
    const { tokens } = await signedIn()
    const before = await accountState()
    await expectRefusal(await patch(tokens.accessToken, body), 400, 'invalid_request')
    expect(await accountState()).toEqual(before)
  })

  it('refuses without a session, and with one that has ended although its token has not expired', async () => {
    const { id, tokens } = await signedIn({ name: 'Before' })
    await expectRefusal(await send('PATCH', '/auth/me', { body: { name: 'After' } }), 401, 'unauthenticated')
    await rows('delete from sessions where user_id = ?', id)
    await expectRefusal(await patch(tokens.accessToken, { name: 'After' }), 401, 'unauthenticated')
    expect((await queryOne('select name from users where id = ?', id)).name).toBe('Before')
  })
})

describe('DELETE /auth/me', () => {
  it('deletes the account and all that belongs to it after a recent login, and confirms it by mail (ASVS 7.5.1)', async () => {
    const { id, email, tokens } = await signedIn({ username: 'gone' })
    const other = await logIn(email)
    await post('/auth/forgot-password', { email })
    await expectNoContent(await remove(tokens.accessToken))
    for (const table of ['sessions', 'one_time_tokens', 'user_roles'])
      expect(await countRows(table, 'user_id = ?', id)).toBe(0)
    expect(await countRows('users', 'id = ?', id)).toBe(0)
    for (const { accessToken, refreshToken } of [tokens, other.tokens]) {
      expect((await get('/auth/session', bearer(accessToken))).status).toBe(401)
      expect((await post('/auth/refresh', { refreshToken })).status).toBe(401)
    }
    expect(await canLogIn(email, PASSWORD)).toBe(false)
    expect(await auditOf('user.deleted', id)).toMatchObject([{ actor_id: id }])
    await waitForMail(email, ({ subject }) => subject.includes('deleted'))
    expect((await registered({ email, username: 'gone' })).id).not.toBe(id)
  })

  it('clears the cookies of a cookie session, and what the browser keeps of it (ASVS 14.3.1)', async () => {
    const { id, cookie } = await signedInByCookie()
    const response = await send('DELETE', '/auth/me', { headers: { Cookie: cookie, ...SAME_ORIGIN } })
    await expectNoContent(response)
    expect(Object.keys(cookiesOf(response))).toEqual(['__Host-access', '__Secure-refresh'])
    for (const { value } of Object.values(cookiesOf(response))) expect(value).toBe('')
    expect(response.headers.get('Clear-Site-Data')).toContain('"storage"')
    expect(await countRows('users', 'id = ?', id)).toBe(0)
  })

  it('asks for the password where the login is older than ten minutes', async () => {
    const { id, tokens } = await signedIn()
    await rows('update sessions set authenticated_at = ? where user_id = ?', Date.now() - 600_001, id)
    const before = await accountState()
    const problem = await expectRefusal(await remove(tokens.accessToken), 403, 'step_up_required')
    expect(problem.maxAgeSeconds).toBe(600)
    expect(problem.methods).toContain('password')
    await expectRefusal(await remove(tokens.accessToken, { password: 'wrong' }), 401, 'invalid_credentials')
    expect(await accountState()).toEqual(before)
    await expectNoContent(await remove(tokens.accessToken, { password: PASSWORD }))
    expect(await countRows('users', 'id = ?', id)).toBe(0)
  })

  it('refuses a wrong password even after a recent login', async () => {
    const { id, tokens } = await signedIn()
    await expectRefusal(await remove(tokens.accessToken, { password: 'wrong' }), 401, 'invalid_credentials')
    expect(await countRows('users', 'id = ?', id)).toBe(1)
  })

  it('refuses without a session, and an invalid body', async () => {
    const { id, tokens } = await signedIn()
    await expectRefusal(await send('DELETE', '/auth/me'), 401, 'unauthenticated')
    await expectRefusal(await remove(tokens.accessToken, { userId: id }), 400, 'invalid_request')
    await expectRefusal(await remove(tokens.accessToken, { password: '' }), 400, 'invalid_request')
    expect(await countRows('users', 'id = ?', id)).toBe(1)
  })
})
