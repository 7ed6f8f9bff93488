import { afterEach, describe, expect, it, vi } from 'vitest'
import { MAX_PASSKEYS_PER_USER } from '../../../src/config.ts'
import { PasskeyList } from '../../../src/contracts/passkeys.ts'
import { signedIn } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { bearer, get, post, send, waitForMail } from '../../support/client.ts'
import { waitLongForDependencies } from '../../support/clock.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { createAuthenticator, type Lies } from '../../support/passkey-authenticator.ts'
import { register, registrationOptions, withPasskey } from '../../support/passkeys.ts'
import { accountState } from '../../support/stored-state.ts'

const APPLE = 'fbfc3007-154e-4ecc-8c0b-6e020557d7bd'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const signedInHeaders = async () => {
  const account = await signedIn()
  return { ...account, headers: bearer(account.tokens.accessToken) }
}
const sendRegistration = (headers: Record<string, string>, ticket: string, response: unknown, more: object = {}) =>
  post('/auth/passkeys/registration', { ticket, response, ...more }, headers)

describe('POST /auth/passkeys/registration/options', () => {
  it('asks for a passkey that is found without a name and verifies its user, and for no attestation', async () => {
    const { headers, id, email } = await signedInHeaders()
    const { ticket, options } = await registrationOptions(headers)
    expect(options).toMatchObject({
      challenge: Buffer.from(ticket).toString('base64url'),
      rp: { id: 'localhost', name: 'Postern' },
      user: { id: Buffer.from(id).toString('base64url'), name: email, displayName: email },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
      excludeCredentials: [],
      timeout: 300_000,
    })
    expect(options.pubKeyCredParams.map(({ alg }) => alg)).toEqual([-8, -7, -257])
  })

  it('leaves out the authenticators that have a passkey already', async () => {
    const { headers, passkey } = await withPasskey()
    const { options } = await registrationOptions(headers)
    expect(options.excludeCredentials).toMatchObject([{ id: passkey.credentialId, type: 'public-key' }])
  })

  it('stores nothing', async () => {
    const { headers } = await signedInHeaders()
    const before = await accountState()
    await registrationOptions(headers)
    expect(await accountState()).toEqual(before)
  })

  it('needs a recent login (ASVS 7.5.1)', async () => {
    const { headers } = await signedInHeaders()
    vi.setSystemTime(Date.now() + 601_000)
    const refused = await post('/auth/passkeys/registration/options', undefined, headers)
    await expectRefusal(refused, 403, 'step_up_required')
  })
})

describe('POST /auth/passkeys/registration', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('registers a passkey whose key is %s', async (algorithm) => {
    const { headers } = await signedInHeaders()
    const { passkey } = await register(headers, createAuthenticator({ algorithm }))
    const { items } = await answerOf(await get('/auth/passkeys', headers), PasskeyList)
    expect(items).toEqual([passkey])
  })

  it('describes the passkey, and calls it by its provider', async () => {
    const { headers } = await signedInHeaders()
    const { passkey } = await register(headers, createAuthenticator({ aaguid: APPLE, be: true, bs: true }))
    expect(passkey).toEqual({
      id: expect.any(String),
      credentialId: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      name: 'Apple Passwords',
      createdAt: expect.any(String),
      lastUsedAt: null,
      transports: ['internal'],
      backedUp: true,
      provider: 'Apple Passwords',
    })
  })

  it('calls a passkey of an unknown kind by the device, and any by the name that its owner gives', async () => {
    const { headers } = await signedInHeaders()
    expect((await register(headers, createAuthenticator())).passkey).toMatchObject({
      name: 'Unknown device',
      provider: null,
    })
    expect((await register(headers, createAuthenticator(), ' Büro ')).passkey.name).toBe('Büro')
  })

  it('audits it and tells the owner by mail (ASVS 6.3.7)', async () => {
    const { headers, id, email } = await signedInHeaders()
    await register(headers, createAuthenticator(), 'Laptop')
    expect(await auditOf('factor.added', id)).toMatchObject([{ actor_id: id, details: { method: 'passkey' } }])
    expect((await waitForMail(email, ({ subject }) => subject.includes('was added'))).text).toContain('Laptop')
    const me = (await (await get('/auth/me', headers)).json()) as object
    expect(me).toMatchObject({ mfa: { passkeys: 1 } })
  })

  it('gives the recovery codes of an account with its first factor, once, and takes them with its last', async () => {
    const { headers, id } = await signedInHeaders()
    const first = await register(headers, createAuthenticator())
    expect(first.recoveryCodes).toHaveLength(10)
    expect((await register(headers, createAuthenticator())).recoveryCodes).toBeUndefined()
    const { items } = await answerOf(await get('/auth/passkeys', headers), PasskeyList)
    for (const [index, passkey] of items.entries()) {
      expect(await countRows('recovery_codes', 'user_id = ?', id)).toBe(10)
      expect((await send('DELETE', `/auth/passkeys/${passkey.id}`, { headers })).status, String(index)).toBe(204)
    }
    expect(await countRows('recovery_codes', 'user_id = ?', id)).toBe(0)
  })

  it('accepts a challenge once, also of fifty answers at once', async () => {
    waitLongForDependencies()
    const { headers, id } = await withPasskey()
    const { ticket, options } = await registrationOptions(headers)
    const all = await Promise.all(Array.from({ length: 50 }, () => createAuthenticator().create(options)))
    const answers = await Promise.all(all.map((response) => sendRegistration(headers, ticket, response)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 201))
      await expectRefusal(answer, 400, 'invalid_registration')
    expect(await countRows('passkeys', 'user_id = ?', id)).toBe(2)
    expect(await auditOf('factor.added', id)).toHaveLength(1)
  })

  it('refuses the challenge of another user, of a login, of nobody, and one that has expired', async () => {
    const mine = await signedInHeaders()
    const other = await signedInHeaders()
    const authenticator = createAuthenticator()
    const foreign = await registrationOptions(other.headers)
    const login = (await (await post('/auth/passkeys/authentication/options', {})).json()) as { ticket: string }
    const stale = await registrationOptions(mine.headers)
    for (const ticket of [foreign.ticket, login.ticket, 'nonsense', `${stale.ticket.slice(0, -2)}AA`]) {
      const challenge = Buffer.from(ticket).toString('base64url')
      const response = await authenticator.create({ ...stale.options, challenge })
      await expectRefusal(await sendRegistration(mine.headers, ticket, response), 400, 'invalid_registration')
    }
    vi.setSystemTime(Date.now() + 6 * 60_000)
    const response = await authenticator.create(stale.options)
    await expectRefusal(await sendRegistration(mine.headers, stale.ticket, response), 400, 'invalid_registration')
    expect(await countRows('passkeys', 'user_id = ?', mine.id)).toBe(0)
  })

  const x5c = new Map<string, unknown>([['x5c', [new Uint8Array([1])]]])
  it.each<[string, Lies]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['an origin that begins like ours', { origin: 'http://localhost:8787.evil.example' }],
    ['a frame of another site', { crossOrigin: true }],
    ['a frame of another site that names it', { topOrigin: 'https://evil.example' }],
    ['another relying party', { rpId: 'evil.example' }],
    ['another challenge', { challenge: Buffer.from('other').toString('base64url') }],
    ['the answer to another ceremony', { type: 'webauthn.get' }],
    ['an authenticator that nobody touched', { flags: { up: false } }],
    ['a passkey that is backed up but cannot be', { flags: { be: false, bs: true } }],
    ['an attestation with certificates, which nobody asked for', { attestation: { fmt: 'packed', attStmt: x5c } }],
    ['an attestation of an unknown form', { attestation: { fmt: 'tpm', attStmt: new Map() } }],
    ['an attestation of none that has a statement', { attestation: { fmt: 'none', attStmt: x5c } }],
  ])('refuses %s, and changes nothing', async (_, lies) => {
    const { headers } = await signedInHeaders()
    const { ticket, options } = await registrationOptions(headers)
    const before = await accountState()
    const response = await createAuthenticator().create(options, lies)
    await expectRefusal(await sendRegistration(headers, ticket, response), 400, 'invalid_registration')
    expect(await accountState()).toEqual(before)
  })

  it.each(['clientDataJSON', 'attestationObject'])('refuses a %s that cannot be read', async (member) => {
    const { headers } = await signedInHeaders()
    const { ticket, options } = await registrationOptions(headers)
    const response = await createAuthenticator().create(options)
    for (const nonsense of ['AAAA', 'bnVsbA', 'W10', 'oA']) {
      const sent = { ...response, response: { ...response.response, [member]: nonsense } }
      await expectRefusal(await sendRegistration(headers, ticket, sent), 400, 'invalid_registration')
    }
  })

  it('refuses a passkey that is registered already, of whomever', async () => {
    const first = await withPasskey()
    const other = await signedInHeaders()
    const { ticket, options } = await registrationOptions(other.headers)
    const response = await createAuthenticator().create(options, { credentialId: first.passkey.credentialId })
    await expectRefusal(await sendRegistration(other.headers, ticket, response), 409, 'passkey_exists')
    expect(await rows('select user_id from passkeys where credential_id = ?', first.passkey.credentialId)).toEqual([
      { user_id: first.id },
    ])
  })

  it('lets an account have twenty passkeys, also when two are registered at once', async () => {
    const { headers, id } = await withPasskey()
    for (let count = 1; count < MAX_PASSKEYS_PER_USER - 1; count += 1)
      await rows(
        `insert into passkeys select ?, user_id, ?, user_handle, public_key, counter, transports, aaguid, name, is_backup_eligible,
          is_backed_up, opens_alone, created_at, last_used_at from passkeys where user_id = ? limit 1`,
        crypto.randomUUID(),
        crypto.randomUUID(),
        id,
      )
    const ceremonies = await Promise.all([registrationOptions(headers), registrationOptions(headers)])
    const answers = await Promise.all(
      ceremonies.map(async ({ ticket, options }) =>
        sendRegistration(headers, ticket, await createAuthenticator().create(options)),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
    const refused = await post('/auth/passkeys/registration/options', undefined, headers)
    await expectRefusal(refused, 409, 'passkey_limit')
    expect(await countRows('passkeys', 'user_id = ?', id)).toBe(MAX_PASSKEYS_PER_USER)
  })

  it('registers nothing for a session that ended meanwhile', async () => {
    const { headers, id } = await signedInHeaders()
    const { ticket, options } = await registrationOptions(headers)
    const response = await createAuthenticator().create(options)
    await post('/auth/logout', {}, headers)
    await expectRefusal(await sendRegistration(headers, ticket, response), 401, 'unauthenticated')
    expect(await countRows('passkeys', 'user_id = ?', id)).toBe(0)
  })

  it('refuses a name that is too long or has control characters, and members that it does not know', async () => {
    const { headers } = await signedInHeaders()
    const { ticket, options } = await registrationOptions(headers)
    const response = await createAuthenticator().create(options)
    for (const more of [{ name: '' }, { name: 'x'.repeat(65) }, { name: 'a\nb' }, { userId: 'x' }])
      await expectRefusal(await sendRegistration(headers, ticket, response, more), 400, 'invalid_request')
  })

  it('knows which passkeys open the account alone', async () => {
    const { headers, id } = await signedInHeaders()
    for (const traits of [{}, { isResident: false }, { uv: false }]) {
      await register(headers, createAuthenticator(traits))
    }
    const stored = await rows('select opens_alone from passkeys where user_id = ? order by id', id)
    expect(stored.map(({ opens_alone }) => opens_alone)).toEqual([1, 0, 0])
  })
})
