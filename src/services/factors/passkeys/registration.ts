import { MAX_PASSKEYS_PER_USER } from '../../../config.ts'
import type { Passkey, PasskeyRegistration } from '../../../contracts/passkeys.ts'
import { Refusal } from '../../../errors.ts'
import type { EndingSessions, Mailing, Platform, Reading } from '../../../platform/platform.ts'
import { inOneBatch } from '../../../storage/batch.ts'
import { isUniqueViolation } from '../../../storage/database.ts'
import { insertPasskeyStatement, type StoredPasskey, whenPasskeyExists } from '../../../storage/factors/passkeys.ts'
import { spendStateStatement, whenUnspent } from '../../../storage/spent-states.ts'
import { newId } from '../../identifiers.ts'
import { describeDevice } from '../../login/facts.ts'
import type { Caller } from '../../sessions/authentication.ts'
import { factorChange } from '../changes.ts'
import { readChallenge } from './challenge.ts'
import { checkClientData, toBase64Url } from './client-data.ts'
import { nameProvider, toPasskey } from './management.ts'
import { ALGORITHMS, loadWebAuthn, loadWebAuthnHelpers } from './webauthn.ts'

interface Registration {
  ticket: string
  name?: string | undefined
  response: PasskeyRegistration
}

/**
 * Registers a passkey for the caller, and tells the owner by mail.
 * @throws {Refusal} `invalid_registration`, whatever is wrong; `passkey_exists`; `passkey_limit`.
 */
export async function registerPasskey(
  deps: Reading & Mailing & EndingSessions,
  caller: Caller,
  input: Registration,
): Promise<{ passkey: Passkey }> {
  const { db, requester } = deps
  const { account, session } = caller
  const challenge = readChallenge(deps, input.ticket, ['passkey_registration'])
  if (challenge?.boundTo.id !== account.id) throw refuse('ticket')
  const verified = await verifyRegistration(deps, input)
  const at = deps.now()
  const passkey: StoredPasskey = {
    ...verified,
    id: newId(),
    userId: account.id,
    name: input.name ?? nameProvider(verified.aaguid) ?? describeDevice(requester.userAgent),
    createdAt: at,
    lastUsedAt: null,
  }
  const when = whenPasskeyExists(passkey.id)
  const change = factorChange(deps, caller, { change: 'added', method: 'passkey', name: passkey.name, at, when })
  const { id, expiresAt } = challenge
  const unspent = whenUnspent({ id })
  const { added, spent, ended } = await refuseKnown(
    inOneBatch(db, {
      added: insertPasskeyStatement(db, passkey, { sessionId: session.id, unspent, limit: MAX_PASSKEYS_PER_USER }),
      ...change.statements,
      spent: spendStateStatement(db, { id, expiresAt }),
    }),
  )
  if (spent.length === 0) throw refuse('used before')
  if (added.meta.changes === 0) throw new Refusal('passkey_limit', { reason: 'too many, or the session has ended' })
  await change.finish(ended)
  return { passkey: toPasskey(passkey) }
}

/**
 * Verifies a new passkey (WebAuthn Level 3 §7.1). No attestation is asked for, so one that brings certificates is
 * refused before the library would read them, and fetch what they name.
 */
async function verifyRegistration({ settings }: Pick<Platform, 'settings'>, { ticket, response }: Registration) {
  const { clientDataJSON, transports } = response.response
  const clientData = checkClientData({ settings }, clientDataJSON, { type: 'webauthn.create', ticket })
  if (!clientData.ok) throw refuse(clientData.error)
  const verified = await verifyAttestation({ settings }, { ticket, response })
  if (verified === null) throw refuse('attestation')
  const { credential, aaguid, credentialDeviceType, credentialBackedUp, userVerified } = verified
  return {
    credentialId: credential.id,
    publicKey: toBase64Url(credential.publicKey),
    counter: credential.counter,
    transports,
    aaguid,
    isBackupEligible: credentialDeviceType === 'multiDevice',
    isBackedUp: credentialBackedUp,
    opensAlone: userVerified && response.clientExtensionResults.credProps?.rk === true,
  }
}

async function verifyAttestation(
  { settings }: Pick<Platform, 'settings'>,
  { ticket, response }: Omit<Registration, 'name'>,
) {
  const { clientDataJSON, attestationObject } = response.response
  const { verifyRegistrationResponse } = await loadWebAuthn()
  try {
    if (await hasCertificates(attestationObject)) return null
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...response, response: { clientDataJSON, attestationObject }, clientExtensionResults: {} },
      expectedChallenge: toBase64Url(ticket),
      expectedOrigin: settings.relyingParty.origins,
      expectedRPID: settings.relyingParty.id,
      requireUserVerification: false,
      supportedAlgorithmIDs: [...ALGORITHMS],
    })
    return verified ? registrationInfo : null
  } catch {
    return null
  }
}

/** Tells whether an attestation is more than none, or one by the new key itself. */
async function hasCertificates(attestationObject: string): Promise<boolean> {
  const { decodeAttestationObject } = await loadWebAuthnHelpers()
  const attestation = decodeAttestationObject(Uint8Array.from(Buffer.from(attestationObject, 'base64url')))
  return !['none', 'packed'].includes(attestation.get('fmt')) || attestation.get('attStmt').get('x5c') !== undefined
}

/** Refuses a passkey that is registered already, by whomever, and lets the batch do nothing. */
async function refuseKnown<Value>(batch: Promise<Value>): Promise<Value> {
  try {
    return await batch
  } catch (error) {
    if (isUniqueViolation(error, 'passkeys.credential_id')) throw new Refusal('passkey_exists')
    throw error
  }
}

const refuse = (reason: string) => new Refusal('invalid_registration', { reason })
