import { describe, expect, it } from 'vitest'
import { Passkey, PasskeyList } from '../../../src/contracts/passkeys.ts'
import { signedIn } from '../../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, logIn, send, waitForMail } from '../../support/client.ts'
import { countingEnv, d1RoundTrips } from '../../support/counting-env.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { createAuthenticator } from '../../support/passkey-authenticator.ts'
import { logInWith, register, withPasskey } from '../../support/passkeys.ts'
import { accountState } from '../../support/stored-state.ts'

const remove = (id: string, headers: Record<string, string>) => send('DELETE', `/auth/passkeys/${id}`, { headers })
const rename = (id: string, name: unknown, headers: Record<string, string>) =>
  send('PATCH', `/auth/passkeys/${id}`, { headers, body: { name } })
const dropPassword = (id: string) => rows('update users set password_hash = null where id = ?', id)

describe('GET /auth/passkeys', () => {
  it('lists them, the oldest first, with what the Signal API asks for', async () => {
    const { headers, id, passkey } = await withPasskey()
    const second = await register(headers, createAuthenticator())
    expect(await answerOf(await get('/auth/passkeys', headers), PasskeyList)).toEqual({
      items: [passkey, second.passkey],
      nextCursor: null,
      rpId: 'localhost',
      userHandle: Buffer.from(id).toString('base64url'),
    })
  })

  it('lists those of the caller only', async () => {
    await withPasskey()
    const { tokens } = await signedIn()
    expect((await answerOf(await get('/auth/passkeys', bearer(tokens.accessToken)), PasskeyList)).items).toEqual([])
  })

  it('asks the database once, also for whether the session is still there', async () => {
    const { headers, id } = await withPasskey()
    const { env, take } = countingEnv()
    const list = () => callWorker(env, 'GET', '/auth/passkeys', { headers })
    await list()
    take()
    expect((await list()).status).toBe(200)
    expect(d1RoundTrips(take())).toBe(1)
    await rows('delete from sessions where user_id = ?', id)
    await expectRefusal(await list(), 401, 'unauthenticated')
    expect(d1RoundTrips(take())).toBe(1)
  })
})

describe('PATCH /auth/passkeys/{id}', () => {
  it('renames it, and audits that', async () => {
    const { headers, id, passkey } = await withPasskey()
    const renamed = await answerOf(await rename(passkey.id, 'Laptop', headers), Passkey)
    expect(renamed).toEqual({ ...passkey, name: 'Laptop' })
    expect(await auditOf('passkey.renamed', id)).toMatchObject([{ details: { passkeyId: passkey.id } }])
  })

  it('refuses that of another user (ASVS 8.2.2), one that is not there, and a name that is none', async () => {
    const { passkey } = await withPasskey()
    const other = await withPasskey()
    const before = await accountState()
    await expectRefusal(await rename(passkey.id, 'Mine', other.headers), 404, 'not_found')
    await expectRefusal(await rename(crypto.randomUUID(), 'Mine', other.headers), 404, 'not_found')
    await expectRefusal(await rename(other.passkey.id, ' ', other.headers), 400, 'invalid_request')
    expect(await accountState()).toEqual(before)
    expect(await auditOf('passkey.renamed', other.id)).toEqual([])
  })
})

describe('DELETE /auth/passkeys/{id}', () => {
  it('removes it, ends the other sessions, audits it and tells the owner by mail (ASVS 6.3.7, 7.4.3)', async () => {
    const { headers, id, email, passkey, authenticator } = await withPasskey()
    const other = await logInWith(authenticator)
    const { tokens } = (await other.json()) as { tokens: { accessToken: string } }
    await expectNoContent(await remove(passkey.id, headers))
    expect(await countRows('passkeys', 'user_id = ?', id)).toBe(0)
    expect((await get('/auth/me', headers)).status).toBe(200)
    expect((await get('/auth/session', bearer(tokens.accessToken))).status).toBe(401)
    expect(await auditOf('factor.removed', id)).toMatchObject([
      { details: { method: 'passkey', passkeyId: passkey.id } },
    ])
    expect((await waitForMail(email, ({ subject }) => subject.includes('was removed'))).text).toContain(passkey.name)
    await expectRefusal(await logInWith(authenticator), 401, 'invalid_passkey')
    expect((await logIn(email)).user.id).toBe(id)
  })

  it('refuses that of another user (ASVS 8.2.2), and one that is not there', async () => {
    const { passkey, id } = await withPasskey()
    const other = await withPasskey()
    await expectRefusal(await remove(passkey.id, other.headers), 404, 'not_found')
    await expectRefusal(await remove(crypto.randomUUID(), other.headers), 404, 'not_found')
    expect(await countRows('passkeys', 'user_id = ?', id)).toBe(1)
    expect(await auditOf('factor.removed', other.id)).toEqual([])
  })

  it('never removes the last way to sign in', async () => {
    const { headers, id, passkey } = await withPasskey()
    await dropPassword(id)
    await expectRefusal(await remove(passkey.id, headers), 409, 'last_login_method')
    const secondFactor = await register(headers, createAuthenticator({ uv: false }))
    await expectRefusal(await remove(passkey.id, headers), 409, 'last_login_method')
    await expectNoContent(await remove(secondFactor.passkey.id, headers))
    expect(await countRows('passkeys', 'user_id = ?', id)).toBe(1)
    expect(await auditOf('factor.removed', id)).toHaveLength(1)
  })

  it('keeps one of two that are removed at once and are the only ways to sign in', async () => {
    const { headers, id, passkey } = await withPasskey()
    const second = await register(headers, createAuthenticator())
    await dropPassword(id)
    const answers = await Promise.all([remove(passkey.id, headers), remove(second.passkey.id, headers)])
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409])
    expect(await countRows('passkeys', 'user_id = ?', id)).toBe(1)
  })
})

describe('a passkey and the other ways to sign in', () => {
  const link = (id: string, provider: string) =>
    rows(
      `insert into identities (id, user_id, provider, issuer, subject, how, is_authority, created_at, last_used_at)
        values (?, ?, ?, 'https://issuer.example', ?, 'linked', 0, 0, 0)`,
      crypto.randomUUID(),
      id,
      provider,
      crypto.randomUUID(),
    )

  it.each([
    { title: 'one that opens the account alone lets the last provider go', traits: {}, status: 204 },
    { title: 'one that is a second factor only does not', traits: { uv: false }, status: 409 },
  ])('$title', async ({ traits, status }) => {
    const { headers, id } = await withPasskey(traits)
    await link(id, 'gone')
    await dropPassword(id)
    expect((await send('DELETE', '/auth/oauth/gone', { headers })).status).toBe(status)
  })
})
