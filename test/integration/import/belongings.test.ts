import { beforeAll, describe, expect, it } from 'vitest'
import type { ImportLine } from '../../../src/contracts/import.ts'
import { hashPassword } from '../../../src/crypto/password-hash/own-hash.ts'
import { makeTotpSecret } from '../../../src/crypto/totp.ts'
import { verifyAttestation } from '../../../src/services/factors/passkeys/attestation.ts'
import { administrator, mailedToken, settings } from '../../support/accounts.ts'
import { totpCode } from '../../support/authenticator.ts'
import { newEmail, PASSWORD, post } from '../../support/client.ts'
import { countRows, rows } from '../../support/database.ts'
import { allImported, importLines } from '../../support/imports.ts'
import { noteSecrets } from '../../support/log-leaks.ts'
import { createAuthenticator } from '../../support/passkey-authenticator.ts'
import { logInWith } from '../../support/passkeys.ts'
import { newSubject, oauthEnv, signInWithGoogle, stubProviders } from '../../support/providers.ts'
import { beginLogin } from '../../support/second-factors.ts'

const providers = stubProviders()
const bindings = oauthEnv()
const TENANT = 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0'

let admin: Awaited<ReturnType<typeof administrator>>
beforeAll(async () => {
  admin = await administrator()
})

const person = (more: Partial<ImportLine> = {}) => ({ email: newEmail(), emailVerified: true, ...more })
/** Imports one person, and answers the code by which the line was refused, or null. */
async function codeFor(line: object): Promise<string | null> {
  const { errors } = await importLines(admin, [line], { bindings })
  return errors[0]?.code ?? null
}
const idOf = async (email: string) => String((await rows('select id from users where email = ?', email))[0]?.id)

describe('an imported identity', () => {
  it('signs in by its issuer and subject, and is known as imported', async () => {
    const sub = newSubject()
    const line = person({ identities: [{ provider: 'google', subject: sub }] })
    expect(await importLines(admin, [line], { bindings })).toEqual(allImported(1))
    const { error } = await signInWithGoogle(providers, bindings, { sub, email: newEmail(), email_verified: true })
    expect(error).toBeNull()
    const userId = await idOf(line.email)
    expect(await rows('select how, email, is_authority from identities where user_id = ?', userId)).toEqual([
      { how: 'imported', email: null, is_authority: 0 },
    ])
    expect(await countRows('sessions', 'user_id = ?', userId)).toBe(1)
  })

  it('goes when somebody proves the mailbox, because the other system may have been wrong about its owner', async () => {
    const line = person({ identities: [{ provider: 'github', subject: '583231' }] })
    await importLines(admin, [line], { bindings })
    await post('/auth/forgot-password', { email: line.email })
    const token = await mailedToken(line.email, 'reset_password')
    expect((await post('/auth/reset-password', { token, password: PASSWORD })).status).toBe(204)
    expect(await countRows('identities', 'user_id = ?', await idOf(line.email))).toBe(0)
  })

  it('needs a provider that is configured, its issuer, and nobody who has it', async () => {
    const google = (subject: string) => ({ provider: 'google', subject })
    const microsoft = (issuer?: string) => ({ identities: [{ provider: 'microsoft', subject: '1', issuer }] })
    const subject = newSubject()
    expect(await codeFor(person({ identities: [google(subject)] }))).toBeNull()
    expect(await codeFor(person({ identities: [google(subject)] }))).toBe('identity_taken')
    expect(await codeFor(person({ identities: [google('1'), google('2')] }))).toBe('invalid_identities')
    expect(await codeFor(person({ identities: [{ provider: 'linkedin', subject }] }))).toBe('unknown_provider')
    expect(await codeFor(person({ identities: [{ ...google(subject), issuer: 'https://evil.example' }] }))).toBe(
      'invalid_identities',
    )
    expect(await codeFor(person(microsoft()))).toBe('invalid_identities')
    expect(await codeFor(person(microsoft('https://login.microsoftonline.com/common/v2.0')))).toBe('invalid_identities')
    expect(await codeFor(person(microsoft(TENANT)))).toBeNull()
  })
})

describe('an imported authenticator app', () => {
  it('is asked for at the next login, and takes no code that was shown before (RFC 6238 §5.2)', async () => {
    const totpSecret = makeTotpSecret()
    noteSecrets({ totpSecret })
    const spaced = totpSecret.toLowerCase().replace(/(.{4})/g, '$1 ')
    const line = person({ passwordHash: hashPassword(PASSWORD), totpSecret: spaced })
    expect(await importLines(admin, [line])).toEqual(allImported(1))
    const [stored] = await rows('select seals from totp_secrets where user_id = ?', await idOf(line.email))
    expect(stored?.seals).not.toContain(totpSecret)
    const ticket = await beginLogin(line.email)
    const show = (code: string) => post('/auth/login/mfa', { ticket, method: 'totp', code })
    expect((await show(totpCode(totpSecret))).status).toBe(401)
    expect((await show(totpCode(totpSecret, 1))).status).toBe(200)
  })

  it('needs a secret in base32 of at least 80 bits', async () => {
    for (const totpSecret of ['JBSWY3DP', '1111111111111111', 'MFRGGZDFMZTWQ2LK!'])
      expect(await codeFor(person({ totpSecret }))).toBe('invalid_totp_secret')
  })
})

describe('an imported passkey', () => {
  /** Makes a passkey as the other system did, for its own id of the user. */
  async function makePasskey(traits: Parameters<typeof createAuthenticator>[0] = {}) {
    const authenticator = createAuthenticator(traits)
    const userHandle = Buffer.from(`old-${crypto.randomUUID()}`).toString('base64url')
    const challenge = Buffer.from('a challenge').toString('base64url')
    const response = await authenticator.create({ challenge, rp: settings.relyingParty, user: { id: userHandle } })
    const made = await verifyAttestation({ settings }, { challenge, response })
    if (!made.ok) throw new Error(made.error)
    const { credentialId, publicKey, counter, isBackupEligible: backupEligible } = made.value
    return { authenticator, passkey: { credentialId, publicKey, counter, userHandle, backupEligible } }
  }

  it('signs in alone, though it keeps the id that the other system gave its user', async () => {
    const { authenticator, passkey } = await makePasskey({ be: true, bs: true })
    const line = person({ passkeys: [passkey] })
    expect(await importLines(admin, [line])).toEqual(allImported(1))
    expect((await logInWith(authenticator)).status).toBe(200)
    const [stored] = await rows('select name, opens_alone from passkeys where user_id = ?', await idOf(line.email))
    expect(stored).toEqual({ name: 'Passkey', opens_alone: 1 })
    const other = Buffer.from('somebody else').toString('base64url')
    expect((await logInWith(authenticator, { lies: { userHandle: other } })).status).toBe(401)
  })

  it('needs a key that a login can verify, and belongs to one account', async () => {
    const { passkey } = await makePasskey()
    expect(await codeFor(person({ passkeys: [{ ...passkey, publicKey: 'AAAA' }] }))).toBe('invalid_passkeys')
    expect(await codeFor(person({ passkeys: [passkey, passkey] }))).toBe('invalid_passkeys')
    expect(await codeFor(person({ passkeys: [passkey] }))).toBeNull()
    expect(await codeFor(person({ passkeys: [passkey] }))).toBe('passkey_exists')
  })

  it('and an authenticator app come only with a verified address, because a stranger may have set them', async () => {
    const { passkey } = await makePasskey()
    const email = newEmail()
    expect(await codeFor({ email, passkeys: [passkey] })).toBe('unverified_factors')
    expect(await codeFor({ email, emailVerified: false, totpSecret: makeTotpSecret() })).toBe('unverified_factors')
    expect(await countRows('users', 'email = ?', email)).toBe(0)
  })
})

describe('the hashes of Firebase', () => {
  const parameters = {
    signerKey: Buffer.alloc(64, 7).toString('base64'),
    saltSeparator: 'Bw==',
    rounds: 8,
    memCost: 14,
  }
  const header = { hashParameters: { firebaseScrypt: parameters } }
  const passwordHash = `$firebase-scrypt$${btoa('a salt')}$${Buffer.alloc(64, 9).toString('base64')}`

  it('come with their parameters in a header line, which are stored sealed', async () => {
    const lines = [header, person({ passwordHash }), person({ passwordHash: '$firebase-scrypt$x' })]
    expect(await importLines(admin, lines)).toEqual({ ...allImported(1), errors: [{ line: 3, code: 'invalid_hash' }] })
    const kept = await rows('select * from hash_parameters')
    expect(kept).toHaveLength(1)
    expect(JSON.stringify(kept)).not.toContain(parameters.signerKey)
  })

  it('are unsupported without it, and a wrong header refuses the request', async () => {
    expect(await codeFor(person({ passwordHash }))).toBe('unsupported_hash')
    const before = await countRows('users', 'true')
    for (const wrong of [{ ...parameters, memCost: 40 }, { ...parameters, signerKey: '*' }, {}]) {
      const lines = [{ hashParameters: { firebaseScrypt: wrong } }, person({ passwordHash })]
      await expect(importLines(admin, lines)).rejects.toThrow('invalid_request')
    }
    expect(await countRows('users', 'true')).toBe(before)
  })
})
