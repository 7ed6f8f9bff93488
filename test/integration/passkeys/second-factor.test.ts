import { afterEach, describe, expect, it, vi } from 'vitest'
import { MfaNeeded, SignedIn } from '../../../src/contracts/login.ts'
import { mailedToken, verified } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { bearer, get, PASSWORD, post } from '../../support/client.ts'
import { auditOf, countRows } from '../../support/database.ts'
import { createAuthenticator, type Lies } from '../../support/passkey-authenticator.ts'
import { logInWith, loginOptions, register, withPasskey } from '../../support/passkeys.ts'

afterEach(() => vi.useRealTimers())

const sessionsOf = (id: string) => countRows('sessions', 'user_id = ?', id)

/** Creates an account with a security key, and begins a login that waits for it. */
async function waiting(traits: Parameters<typeof withPasskey>[0] = { isResident: false, uv: false }) {
  const account = await withPasskey(traits)
  const begun = await post('/auth/login', { identifier: account.email, password: PASSWORD })
  const { ticket: mfaTicket, methods } = await answerOf(begun, MfaNeeded)
  return { ...account, mfaTicket, methods, before: await sessionsOf(account.id) }
}

describe('a login by password of an account with a passkey', () => {
  it('asks for the passkey, and the options name it', async () => {
    const { mfaTicket, methods, passkey } = await waiting()
    expect(methods).toContain('passkey')
    const { options } = await loginOptions(mfaTicket)
    expect(options).toMatchObject({
      allowCredentials: [{ id: passkey.credentialId, type: 'public-key', transports: ['internal'] }],
      userVerification: 'preferred',
    })
  })

  it('is completed by a security key that neither verifies its user nor is found without a name', async () => {
    const { mfaTicket, authenticator, id } = await waiting()
    const { user, tokens } = await answerOf(await logInWith(authenticator, { mfaTicket }), SignedIn)
    expect(user.id).toBe(id)
    const current = (await (await get('/auth/session', bearer(tokens?.accessToken ?? ''))).json()) as object
    expect(current).toMatchObject({ methods: ['pwd', 'swk', 'user', 'mfa'] })
  })

  it('is completed once, also by fifty answers at once', async () => {
    const { mfaTicket, authenticator, id, before } = await waiting()
    const { ticket, options } = await loginOptions(mfaTicket)
    const response = await authenticator.get(options)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => post('/auth/passkeys/authentication', { ticket, response })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const refused of answers.filter(({ status }) => status !== 200))
      await expectRefusal(refused, 401, 'invalid_passkey')
    expect(await sessionsOf(id)).toBe(before + 1)
  })

  it.each<[string, Lies]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another relying party', { rpId: 'evil.example' }],
    ['another challenge', { challenge: Buffer.from('other').toString('base64url') }],
    ['an authenticator that nobody touched', { flags: { up: false } }],
    ['the name of another user', { userHandle: Buffer.from('somebody else').toString('base64url') }],
    ['an unknown credential', { credentialId: 'AAAA' }],
  ])('is not completed by %s, which is audited and tells nothing', async (_, lies) => {
    const { mfaTicket, authenticator, id, before } = await waiting()
    const problem = await expectRefusal(await logInWith(authenticator, { mfaTicket, lies }), 401, 'invalid_passkey')
    expect(problem.unknownCredential).toBeUndefined()
    expect(await sessionsOf(id)).toBe(before)
    expect(await auditOf('login.failed', id)).toMatchObject([{ details: { factor: 'passkey' } }])
  })

  it('is not completed by the passkey of another user', async () => {
    const { mfaTicket, id, before } = await waiting()
    const other = await withPasskey()
    await expectRefusal(await logInWith(other.authenticator, { mfaTicket }), 401, 'invalid_passkey')
    expect(await sessionsOf(id)).toBe(before)
    expect(await sessionsOf(other.id)).toBe(1)
  })

  it('is not completed by an answer to the challenge of another login, nor to one that was made for nobody', async () => {
    const mine = await waiting()
    const other = await waiting()
    const { ticket } = await loginOptions(mine.mfaTicket)
    const foreign = await loginOptions(other.mfaTicket)
    const response = await mine.authenticator.get(foreign.options)
    await expectRefusal(await post('/auth/passkeys/authentication', { ticket, response }), 401, 'invalid_passkey')
    const unnamed = await mine.authenticator.get((await loginOptions()).options)
    await expectRefusal(
      await post('/auth/passkeys/authentication', { ticket, response: unnamed }),
      401,
      'invalid_passkey',
    )
    expect(await sessionsOf(mine.id)).toBe(mine.before)
  })

  it('ends when its ticket does', async () => {
    const { mfaTicket, authenticator } = await waiting()
    const { ticket, options } = await loginOptions(mfaTicket)
    const response = await authenticator.get(options)
    vi.setSystemTime(Date.now() + 11 * 60_000)
    await expectRefusal(await post('/auth/passkeys/authentication', { ticket, response }), 401, 'invalid_passkey')
  })

  it('is not asked for a passkey by a ticket that is worthless, or of an account that has none', async () => {
    const { email, mfaTicket } = await waiting()
    await post('/auth/forgot-password', { email })
    for (const other of ['nonsense', `${mfaTicket.slice(0, -2)}AA`, await mailedToken(email, 'reset_password')]) {
      const refused = await post('/auth/passkeys/authentication/options', { mfaTicket: other })
      await expectRefusal(refused, 400, 'invalid_token')
    }
  })

  it('asks for nothing where there is no factor', async () => {
    const { email } = await verified()
    const response = await post('/auth/login', { identifier: email, password: PASSWORD })
    expect((await answerOf(response, SignedIn)).user.email).toBe(email)
  })

  it('takes any of several passkeys', async () => {
    const { headers, mfaTicket } = await waiting()
    const second = createAuthenticator({ isResident: false })
    await register(headers, second)
    expect((await logInWith(second, { mfaTicket })).status).toBe(200)
  })
})
