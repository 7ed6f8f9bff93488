import { afterEach, describe, expect, it, vi } from 'vitest'
import { PasskeyAuthenticationOptions } from '../../../src/contracts/passkeys.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { bearer, get, logIn, post, send } from '../../support/client.ts'
import { auditOf, rows } from '../../support/database.ts'
import { loginOptions, registrationOptions, withPasskey } from '../../support/passkeys.ts'

afterEach(() => vi.useRealTimers())

type Headers = Record<string, string>
const stepUpOptions = async (headers: Headers) =>
  await answerOf(await post('/auth/step-up/passkey', undefined, headers), PasskeyAuthenticationOptions)
const stepUp = (headers: Headers, ticket: string, response: unknown) =>
  post('/auth/step-up', { method: 'passkey', ticket, response }, headers)

/** Creates an account with a security key that is no way to sign in alone, and lets its login grow old. */
async function stale(traits: Parameters<typeof withPasskey>[0] = { isResident: false, uv: false }) {
  const account = await withPasskey(traits)
  await rows('update sessions set authenticated_at = 0, strong_authenticated_at = null where user_id = ?', account.id)
  const refused = await post('/auth/passkeys/registration/options', undefined, account.headers)
  const { methods } = await expectRefusal(refused, 403, 'step_up_required')
  expect(methods).toContain('passkey')
  return account
}

describe('a step-up by passkey', () => {
  it('names the passkeys of the account, and makes the login recent and strong', async () => {
    const { headers, authenticator, passkey, id } = await stale()
    const { ticket, options } = await stepUpOptions(headers)
    expect(options).toMatchObject({
      allowCredentials: [{ id: passkey.credentialId }],
      userVerification: 'preferred',
    })
    const renewed = await stepUp(headers, ticket, await authenticator.get(options))
    expect(renewed.status).toBe(200)
    const { accessToken } = (await renewed.json()) as { accessToken: string }
    const current = (await (await get('/auth/session', bearer(accessToken))).json()) as { methods: string[] }
    expect(current.methods).toEqual(expect.arrayContaining(['swk', 'user', 'mfa']))
    await registrationOptions(headers)
    expect(await auditOf('login.succeeded', id)).toHaveLength(1)
  })

  it('works with a challenge that any page asks for, where the authenticator finds the passkey by itself', async () => {
    const { headers, authenticator } = await stale({})
    const { ticket, options } = await loginOptions()
    const unverified = await authenticator.get(options, { flags: { uv: false } })
    await expectRefusal(await stepUp(headers, ticket, unverified), 401, 'invalid_code')
    expect((await stepUp(headers, ticket, await authenticator.get(options))).status).toBe(200)
    await registrationOptions(headers)
  })

  it('accepts an answer once', async () => {
    const { headers, authenticator } = await stale()
    const { ticket, options } = await stepUpOptions(headers)
    const response = await authenticator.get(options)
    const answers = await Promise.all(Array.from({ length: 20 }, () => stepUp(headers, ticket, response)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('is not done with the passkey or the challenge of another user, nor with an answer to a login', async () => {
    const mine = await stale()
    const other = await stale()
    const foreign = await stepUpOptions(other.headers)
    const theirs = await other.authenticator.get(foreign.options)
    await expectRefusal(await stepUp(mine.headers, foreign.ticket, theirs), 401, 'invalid_code')
    const own = await stepUpOptions(mine.headers)
    const byOther = await other.authenticator.get({ challenge: own.options.challenge, rpId: 'localhost' })
    await expectRefusal(await stepUp(mine.headers, own.ticket, byOther), 401, 'invalid_code')
    for (const response of [{}, { id: 1 }, { ...theirs, response: null }])
      await expectRefusal(await stepUp(mine.headers, own.ticket, response), 401, 'invalid_code')
  })

  it('does not open a login that waits', async () => {
    const { headers, authenticator } = await stale()
    const { ticket, options } = await stepUpOptions(headers)
    const response = await authenticator.get(options)
    await expectRefusal(await post('/auth/passkeys/authentication', { ticket, response }), 401, 'invalid_passkey')
  })
})

describe('a role that requires a second factor', () => {
  it('lets a session without one register a passkey, and keeps its last one', async () => {
    const { headers, passkey, id, email } = await withPasskey()
    await rows("update roles set mfa_required = 1 where name = 'user'")
    try {
      const refused = await send('DELETE', `/auth/passkeys/${passkey.id}`, { headers })
      await expectRefusal(refused, 409, 'last_strong_factor')
      expect(await auditOf('factor.removed', id)).toEqual([])
      await rows('delete from passkeys where user_id = ?', id)
      const { tokens } = await logIn(email)
      await expectRefusal(await get('/auth/sessions', bearer(tokens.accessToken)), 403, 'enrolment_required')
      await registrationOptions(bearer(tokens.accessToken))
    } finally {
      await rows("update roles set mfa_required = 0 where name = 'user'")
    }
  })
})
