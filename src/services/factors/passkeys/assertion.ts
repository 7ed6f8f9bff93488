import type { PasskeyAssertion } from '../../../contracts/passkeys.ts'
import type { Mailing, Platform } from '../../../platform/platform.ts'
import type { Result } from '../../../result.ts'
import type { Account } from '../../../storage/accounts/accounts.ts'
import { byStranger } from '../../../storage/actors.ts'
import { auditStatement } from '../../../storage/audit.ts'
import { whenAll } from '../../../storage/conditions.ts'
import {
  type PasskeyUse,
  recordPasskeyUseStatement,
  type StoredPasskey,
  whenCounterReversed,
  whenPasskeyExists,
} from '../../../storage/factors/passkeys.ts'
import { spendStateStatement, whenUnspent } from '../../../storage/spent-states.ts'
import { noticeTo } from '../../notices.ts'
import type { ProvenFactor } from '../factor.ts'
import type { Challenge } from './challenge.ts'
import { type ClientDataFault, checkClientData, toBase64Url, toUserHandle } from './client-data.ts'
import { loadWebAuthn } from './webauthn.ts'

/**
 * What every accepted passkey shows (RFC 8176): that somebody holds its key, and was there. The key counts as one of
 * software, because no attestation is asked for, and nothing else shows that it is in hardware.
 */
export const PASSKEY_METHODS = ['swk', 'user'] as const

export type AssertionFault = ClientDataFault | 'user handle' | 'signature' | 'backup eligibility'

/** What an assertion has shown, and the challenge that it answers. */
export interface Shown {
  passkey: StoredPasskey
  challenge: Challenge
  use: Omit<PasskeyUse, 'at'>
}

/**
 * Verifies what a passkey signed (WebAuthn Level 3 §7.2). It writes nothing, so that worthless answers cost no row.
 */
export async function verifyAssertion(
  deps: Pick<Platform, 'settings'>,
  { passkey, challenge, response }: Pick<Shown, 'passkey' | 'challenge'> & { response: PasskeyAssertion },
): Promise<Result<Shown, AssertionFault>> {
  const { ticket, purpose } = challenge
  const { clientDataJSON, userHandle } = response.response
  const clientData = checkClientData(deps, clientDataJSON, { type: 'webauthn.get', challenge: toBase64Url(ticket) })
  if (!clientData.ok) return clientData
  const isAlone = purpose === 'passkey_login'
  const ownHandle = passkey.userHandle ?? toUserHandle(passkey.userId)
  if (userHandle ? userHandle !== ownHandle : isAlone) return { ok: false, error: 'user handle' }
  const verified = await verifySignature(deps, { passkey, ticket, response, requireUserVerification: isAlone })
  if (verified === null) return { ok: false, error: 'signature' }
  const { newCounter, credentialDeviceType, credentialBackedUp } = verified
  if ((credentialDeviceType === 'multiDevice') !== passkey.isBackupEligible)
    return { ok: false, error: 'backup eligibility' }
  const use = { counter: newCounter, isBackedUp: credentialBackedUp, openedAlone: isAlone }
  return { ok: true, value: { passkey, challenge, use } }
}

async function verifySignature(
  { settings }: Pick<Platform, 'settings'>,
  input: { passkey: StoredPasskey; ticket: string; response: PasskeyAssertion; requireUserVerification: boolean },
) {
  const { passkey, ticket, response, requireUserVerification } = input
  const { verifyAuthenticationResponse } = await loadWebAuthn()
  const { userHandle: _, ...signed } = response.response
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...response, response: signed, clientExtensionResults: {} },
      expectedChallenge: toBase64Url(ticket),
      expectedOrigin: settings.relyingParty.origins,
      expectedRPID: settings.relyingParty.id,
      requireUserVerification,
      credential: {
        id: passkey.credentialId,
        publicKey: Uint8Array.from(Buffer.from(passkey.publicKey, 'base64url')),
        // The library would refuse a counter that went back. It is compared where the use is recorded.
        counter: 0,
      },
    })
    return verified ? authenticationInfo : null
  } catch {
    return null
  }
}

/**
 * The use of a passkey is recorded, and spends its challenge. A counter that went back may mean that somebody copied
 * the key. It may also be a restored backup or a faulty authenticator, so it ends nothing by itself: the trail records
 * it, and the owner is told by mail.
 */
export function toProven(deps: Mailing, account: Account, { passkey, challenge, use }: Shown): ProvenFactor {
  const { db, requester } = deps
  const at = deps.now()
  const { id, expiresAt } = challenge
  const details = { passkeyId: passkey.id, counter: use.counter }
  const reversal = { type: 'passkey.counter_reversed', at, ...byStranger(account), details } as const
  return {
    methods: PASSKEY_METHODS,
    whenUnused: whenAll([whenUnspent({ id }), whenPasskeyExists(passkey.id)]),
    use: (when) => {
      const whenReversed = whenCounterReversed(passkey.id, use.counter, when)
      const facts = { factor: passkey.name }
      const notice = noticeTo(deps, account, { kind: 'passkey_copied', at, when: whenReversed, facts })
      const statements = [
        auditStatement(db, reversal, requester, whenReversed),
        ...notice.statements,
        recordPasskeyUseStatement(db, passkey.id, { ...use, at }, when),
        spendStateStatement(db, { id, expiresAt }, when),
      ]
      return { statements, mails: passkey.counter > 0 && use.counter <= passkey.counter ? [notice.id] : [] }
    },
  }
}
