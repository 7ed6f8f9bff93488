import { MAX_PASSKEYS_PER_USER, PASSKEY_CHALLENGE_TTL_SECONDS } from '../../../config.ts'
import { Refusal } from '../../../errors.ts'
import type { Platform, Reading, Recording } from '../../../platform/platform.ts'
import type { Account } from '../../../storage/accounts/accounts.ts'
import { listPasskeys, type StoredPasskey } from '../../../storage/factors/passkeys.ts'
import { openTicket } from '../../login/ticket.ts'
import { findSecondFactor } from '../registry.ts'
import { makeChallenge } from './challenge.ts'
import { ALGORITHMS, loadWebAuthn, type Transport } from './webauthn.ts'

const TIMEOUT_MS = PASSKEY_CHALLENGE_TTL_SECONDS * 1000

/**
 * Begins the registration of a passkey. A passkey that can be found without a name is asked for and one that verifies
 * its user is, but neither is demanded: a security key that can do neither still is a second factor.
 * @throws {Refusal} `passkey_limit`.
 */
export async function beginRegistration(deps: Reading, account: Account) {
  const { relyingParty, brand } = deps.settings
  const known = await listPasskeys(deps.db, account.id)
  if (known.length >= MAX_PASSKEYS_PER_USER) throw new Refusal('passkey_limit')
  const ticket = makeChallenge(deps, 'passkey_registration', { id: account.id })
  const { generateRegistrationOptions } = await loadWebAuthn()
  const options = await generateRegistrationOptions({
    rpName: brand.productName,
    rpID: relyingParty.id,
    userID: Uint8Array.from(Buffer.from(account.id)),
    userName: account.email,
    userDisplayName: account.name ?? account.email,
    challenge: ticket,
    timeout: TIMEOUT_MS,
    attestationType: 'none',
    excludeCredentials: known.map(toDescriptor),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    supportedAlgorithmIDs: [...ALGORITHMS],
  })
  return { ticket, options }
}

/**
 * Begins a login by passkey alone. The options hold nothing but a challenge, so they are alike for everybody, and no
 * database is asked. The authenticator has to verify its user.
 */
export async function beginLogin(deps: Pick<Platform, 'settings' | 'now'>) {
  return await toRequest(deps, makeChallenge(deps, 'passkey_login'), { userVerification: 'required' })
}

/**
 * Begins to show a passkey as the second factor of a login that waits.
 * @throws {Refusal} `invalid_token` for a ticket that is worthless, or of an account without a passkey.
 */
export async function beginSecondFactor(deps: Reading & Recording, waiting: Parameters<typeof openTicket>[1]) {
  const { token, account } = await openTicket(deps, waiting)
  if (findSecondFactor(deps, account, 'passkey') === null) throw new Refusal('invalid_token', { reason: 'no passkey' })
  return await toRequest(deps, makeChallenge(deps, 'passkey_second_factor', { id: token.id, salt: token.salt }), {
    userVerification: 'preferred',
    allow: await listPasskeys(deps.db, account.id),
  })
}

/**
 * Begins to show a passkey once more by somebody who is signed in. It names the account's passkeys, so that one which
 * cannot be found without a name works too.
 */
export async function beginStepUp(deps: Reading, account: Pick<Account, 'id'>) {
  return await toRequest(deps, makeChallenge(deps, 'passkey_step_up', { id: account.id }), {
    userVerification: 'preferred',
    allow: await listPasskeys(deps.db, account.id),
  })
}

async function toRequest(
  { settings }: Pick<Platform, 'settings'>,
  ticket: string,
  { userVerification, allow = [] }: { userVerification: 'required' | 'preferred'; allow?: readonly StoredPasskey[] },
) {
  const { generateAuthenticationOptions } = await loadWebAuthn()
  const options = await generateAuthenticationOptions({
    rpID: settings.relyingParty.id,
    challenge: ticket,
    timeout: TIMEOUT_MS,
    userVerification,
    allowCredentials: allow.map(toDescriptor),
  })
  return { ticket, options }
}

const toDescriptor = ({ credentialId, transports }: StoredPasskey) => ({
  id: credentialId,
  transports: transports as Transport[],
})
