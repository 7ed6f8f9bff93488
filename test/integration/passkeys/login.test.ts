import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SignedIn } from '../../../src/contracts/login.ts'
import { PasskeyList } from '../../../src/contracts/passkeys.ts'
import { deactivate } from '../../support/accounts.ts'
import { answerOf, cookiesOf, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, post, send, waitForMail } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { changedBefore } from '../../support/intercept-env.ts'
import { createAuthenticator, type Lies } from '../../support/passkey-authenticator.ts'
import { logInWith, loginOptions, register, withPasskey } from '../../support/passkeys.ts'
import { accountState } from '../../support/stored-state.ts'

afterEach(() => vi.useRealTimers())

const sessionsOf = (id: string) => countRows('sessions', 'user_id = ?', id)
const answer = (ticket: string, response: unknown, more: object = {}) =>
  post('/auth/passkeys/authentication', { ticket, response, ...more })

describe('POST /auth/passkeys/authentication/options', () => {
  it('is alike for everybody but for the challenge, and stores nothing (ASVS 6.3.8)', async () => {
    await withPasskey()
    const before = await accountState()
    const spent = await countRows('spent_states', 'true')
    const [first, second] = [await loginOptions(), await loginOptions()]
    expect(first.options).toEqual({
      challenge: Buffer.from(first.ticket).toString('base64url'),
      rpId: 'localhost',
      timeout: 300_000,
      userVerification: 'required',
      allowCredentials: [],
    })
    expect({ ...second.options, challenge: '' }).toEqual({ ...first.options, challenge: '' })
    expect(second.ticket).not.toBe(first.ticket)
    expect(await accountState()).toEqual(before)
    expect(await countRows('spent_states', 'true')).toBe(spent)
  })

  it('needs no body', async () => {
    expect((await post('/auth/passkeys/authentication/options', undefined)).status).toBe(200)
  })
})

describe('POST /auth/passkeys/authentication, alone', () => {
  it('signs in without a name, and the session says how (RFC 8176)', async () => {
    const { authenticator, id, passkey, headers } = await withPasskey()
    const { user, tokens } = await answerOf(await logInWith(authenticator), SignedIn)
    expect(user.id).toBe(id)
    const current = (await (await get('/auth/session', bearer(tokens?.accessToken ?? ''))).json()) as object
    expect(current).toMatchObject({ methods: ['swk', 'user', 'mfa'] })
    const [session] = await rows('select * from sessions where user_id = ? order by created_at desc, id desc', id)
    expect(session?.strong_authenticated_at).toBe(session?.authenticated_at)
    expect(await auditOf('login.succeeded', id)).toMatchObject([{}, { details: { methods: ['swk', 'user', 'mfa'] } }])
    const { items } = await answerOf(await get('/auth/passkeys', headers), PasskeyList)
    expect(items).toMatchObject([{ id: passkey.id, lastUsedAt: expect.any(String) }])
  })

  it('signs in by cookies, with no token in the body', async () => {
    const { authenticator } = await withPasskey()
    const { ticket, options } = await loginOptions()
    const response = await answer(ticket, await authenticator.get(options), { delivery: 'cookie' })
    expect(Object.keys(cookiesOf(response)).sort()).toEqual(['__Host-access', '__Host-device', '__Secure-refresh'])
    expect((await answerOf(response, SignedIn)).tokens).toBeUndefined()
  })

  it.each(['EdDSA', 'RS256'] as const)('verifies a signature by %s', async (algorithm) => {
    const { authenticator } = await withPasskey({ algorithm })
    expect((await logInWith(authenticator)).status).toBe(200)
  })

  it('accepts an answer once, also when it comes fifty times at once', async () => {
    const { authenticator, id } = await withPasskey()
    const before = await sessionsOf(id)
    const { ticket, options } = await loginOptions()
    const response = await authenticator.get(options)
    const answers = await Promise.all(Array.from({ length: 50 }, () => answer(ticket, response)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const refused of answers.filter(({ status }) => status !== 200))
      await expectRefusal(refused, 401, 'invalid_passkey')
    await expectRefusal(await answer(ticket, response), 401, 'invalid_passkey')
    expect(await sessionsOf(id)).toBe(before + 1)
  })

  it('accepts a challenge once, also for two passkeys', async () => {
    const first = await withPasskey()
    const second = await withPasskey()
    const { ticket, options } = await loginOptions()
    expect((await answer(ticket, await first.authenticator.get(options))).status).toBe(200)
    await expectRefusal(await answer(ticket, await second.authenticator.get(options)), 401, 'invalid_passkey')
  })

  it.each<[string, Lies]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['a frame of another site', { crossOrigin: true }],
    ['another relying party', { rpId: 'evil.example' }],
    ['another challenge', { challenge: Buffer.from('other').toString('base64url') }],
    ['the answer to another ceremony', { type: 'webauthn.create' }],
    ['an authenticator that nobody touched', { flags: { up: false } }],
    ['an authenticator that did not verify its user', { flags: { uv: false } }],
    ['the name of another user', { userHandle: Buffer.from('somebody else').toString('base64url') }],
    ['no name', { userHandle: null }],
    ['a key that became one for several devices', { flags: { be: true } }],
    ['a key that is backed up but cannot be', { flags: { bs: true } }],
  ])('refuses %s, opens nothing, and tells no more', async (_, lies) => {
    const { authenticator, id } = await withPasskey()
    const before = await sessionsOf(id)
    const problem = await expectRefusal(await logInWith(authenticator, { lies }), 401, 'invalid_passkey')
    expect(Object.keys(problem).sort()).toEqual(['code', 'requestId', 'status', 'title', 'type'])
    expect(await sessionsOf(id)).toBe(before)
    expect(await auditOf('login.failed', id)).toMatchObject([{ details: { factor: 'passkey' } }])
  })

  it.each(['signature', 'authenticatorData', 'clientDataJSON'] as const)('refuses a changed %s', async (member) => {
    const { authenticator } = await withPasskey()
    const { ticket, options } = await loginOptions()
    const signed = await authenticator.get(options)
    const bytes = Buffer.from(signed.response[member], 'base64url')
    for (const at of [0, bytes.length - 1]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      const response = { ...signed, response: { ...signed.response, [member]: changed.toString('base64url') } }
      await expectRefusal(await answer(ticket, response), 401, 'invalid_passkey')
    }
    expect((await answer(ticket, signed)).status).toBe(200)
  })

  it('refuses the passkey of one user with the credential id of another', async () => {
    const mine = await withPasskey()
    const other = await withPasskey()
    const lies = { credentialId: other.passkey.credentialId }
    const problem = await expectRefusal(await logInWith(mine.authenticator, { lies }), 401, 'invalid_passkey')
    expect(problem.unknownCredential).toBeUndefined()
    expect(await sessionsOf(other.id)).toBe(1)
  })

  it('says of an unknown credential that it is, so that its authenticator can forget it', async () => {
    const { authenticator, passkey, headers, id } = await withPasskey()
    await rows('delete from passkeys where id = ?', passkey.id)
    const problem = await expectRefusal(await logInWith(authenticator), 401, 'invalid_passkey')
    expect(problem.unknownCredential).toBe(true)
    expect(await auditOf('login.failed', id)).toEqual([])
    expect((await get('/auth/session', headers)).status).toBe(200)
  })

  it('says nothing of a credential to whoever brings no live challenge of a login', async () => {
    const { authenticator } = await withPasskey()
    const { ticket, options } = await loginOptions()
    const response = await authenticator.get(options, { credentialId: 'AAAA' })
    const registration = (await (
      await post('/auth/passkeys/registration/options', undefined, (await withPasskey()).headers)
    ).json()) as { ticket: string }
    for (const other of ['nonsense', `${ticket.slice(0, -2)}AA`, registration.ticket]) {
      const problem = await expectRefusal(await answer(other, response), 401, 'invalid_passkey')
      expect(problem.unknownCredential).toBeUndefined()
    }
    vi.setSystemTime(Date.now() + 6 * 60_000)
    const problem = await expectRefusal(await answer(ticket, response), 401, 'invalid_passkey')
    expect(problem.unknownCredential).toBeUndefined()
  })

  it('tells the owner of a deactivated account so, and a stranger nothing', async () => {
    const { authenticator, id } = await withPasskey()
    await deactivate(id)
    await expectRefusal(await logInWith(authenticator), 403, 'account_deactivated')
    const lies = { flags: { uv: false } }
    await expectRefusal(await logInWith(authenticator, { lies }), 401, 'invalid_passkey')
    expect(await auditOf('login.failed', id)).toMatchObject([{ details: { reason: 'account_deactivated' } }, {}])
  })

  it('lets no passkey of an unconfirmed address in, and removes it when somebody proves the address', async () => {
    const { authenticator, id } = await withPasskey()
    await rows('update users set email_verified_at = null where id = ?', id)
    await expectRefusal(await logInWith(authenticator), 403, 'email_not_verified')
  })

  it('is not refused by failed passwords, and does not clear them', async () => {
    const { authenticator, email } = await withPasskey()
    const attempt = () => post('/auth/login', { identifier: email, password: 'wrong' })
    vi.setSystemTime(Date.now())
    for (let failure = 0; failure < 6; failure += 1) await attempt()
    expect((await attempt()).status).toBe(429)
    expect((await logInWith(authenticator)).status).toBe(200)
    expect((await attempt()).status).toBe(429)
  })

  it('opens no session with a passkey that is removed at the same moment (ASVS 15.4.2)', async () => {
    const { authenticator, passkey, id, headers } = await withPasskey()
    const { ticket, options } = await loginOptions()
    const body = { ticket, response: await authenticator.get(options) }
    const remove = () => send('DELETE', `/auth/passkeys/${passkey.id}`, { headers })
    const meanwhile = changedBefore(env, /^insert into "sessions"/i, remove)
    const answer = await callWorker(meanwhile, 'POST', '/auth/passkeys/authentication', { body })
    await expectRefusal(answer, 401, 'invalid_passkey')
    expect(await countRows('passkeys', 'user_id = ?', id)).toBe(0)
    expect(await sessionsOf(id)).toBe(1)
    expect(await auditOf('login.succeeded', id)).toHaveLength(1)
  })

  it('is a login by which a passkey is known to open the account alone', async () => {
    const { authenticator, id } = await withPasskey({ isResident: false })
    const opensAlone = async () =>
      (await rows('select opens_alone from passkeys where user_id = ?', id))[0]?.opens_alone
    expect(await opensAlone()).toBe(0)
    const { ticket, options } = await loginOptions()
    const lies = { userHandle: Buffer.from(id).toString('base64url') }
    expect((await answer(ticket, await authenticator.get(options, lies))).status).toBe(200)
    expect(await opensAlone()).toBe(1)
  })
})

describe('a counter that goes back (WebAuthn Level 3 §6.1.1)', () => {
  const counterOf = async (id: string) => (await rows('select counter from passkeys where id = ?', id))[0]?.counter

  it('ends nothing, is audited, and is told to the owner by mail', async () => {
    const { authenticator, passkey, id, email, headers } = await withPasskey()
    expect((await logInWith(authenticator, { lies: { counter: 7 } })).status).toBe(200)
    expect(await counterOf(passkey.id)).toBe(7)
    expect(await auditOf('passkey.counter_reversed', id)).toEqual([])
    for (const counter of [7, 3, 0]) {
      expect((await logInWith(authenticator, { lies: { counter } })).status).toBe(200)
      expect(await counterOf(passkey.id)).toBe(7)
    }
    expect(await auditOf('passkey.counter_reversed', id)).toMatchObject(
      [7, 3, 0].map((counter) => ({ actor_id: null, details: { passkeyId: passkey.id, counter } })),
    )
    const mail = await waitForMail(email, ({ subject }) => subject.startsWith('Check a passkey'))
    expect(mail.text).toContain(passkey.name)
    expect((await get('/auth/me', headers)).status).toBe(200)
  })

  it('is nothing to an authenticator that does not count', async () => {
    const { authenticator, id } = await withPasskey({ counts: false })
    for (let login = 0; login < 3; login += 1) expect((await logInWith(authenticator)).status).toBe(200)
    expect(await auditOf('passkey.counter_reversed', id)).toEqual([])
  })

  it('is noticed where two copies come at the same moment', async () => {
    const { authenticator, id } = await withPasskey()
    const answers = await Promise.all([
      logInWith(authenticator, { lies: { counter: 5 } }),
      logInWith(authenticator, { lies: { counter: 5 } }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(await auditOf('passkey.counter_reversed', id)).toHaveLength(1)
  })
})

describe('the backup state of a passkey', () => {
  it('is what the last login showed', async () => {
    const { headers } = await withPasskey()
    const authenticator = createAuthenticator({ be: true })
    const { passkey } = await register(headers, authenticator)
    expect(passkey.backedUp).toBe(false)
    for (const bs of [true, false]) {
      expect((await logInWith(authenticator, { lies: { flags: { bs } } })).status).toBe(200)
      const { items } = await answerOf(await get('/auth/passkeys', headers), PasskeyList)
      expect(items.find(({ id }) => id === passkey.id)?.backedUp).toBe(bs)
    }
  })
})
