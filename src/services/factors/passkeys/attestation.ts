import type { PasskeyRegistration } from '../../../contracts/passkeys.ts'
import type { Platform } from '../../../platform/platform.ts'
import type { Result } from '../../../result.ts'
import type { StoredPasskey } from '../../../storage/factors/passkeys.ts'
import { type ClientDataFault, checkClientData, toBase64Url } from './client-data.ts'
import { ALGORITHMS, loadWebAuthn, loadWebAuthnHelpers } from './webauthn.ts'

/** What a new passkey has shown of itself. */
type NewPasskey = Omit<StoredPasskey, 'id' | 'userId' | 'name' | 'createdAt' | 'lastUsedAt'>

type Answer = { challenge: string; response: PasskeyRegistration }

/**
 * Verifies a new passkey (WebAuthn Level 3 §7.1). Its key is not yet known to open the account alone where the browser
 * does not say that it can be found without a name, or the user was not verified.
 */
export async function verifyAttestation(
  deps: Pick<Platform, 'settings'>,
  { challenge, response }: Answer,
): Promise<Result<NewPasskey, ClientDataFault | 'attestation'>> {
  const { clientDataJSON, transports } = response.response
  const clientData = checkClientData(deps, clientDataJSON, { type: 'webauthn.create', challenge })
  if (!clientData.ok) return clientData
  const verified = await readAttestation(deps, { challenge, response })
  if (verified === null) return { ok: false, error: 'attestation' }
  const { credential, aaguid, credentialDeviceType, credentialBackedUp, userVerified } = verified
  const value = {
    credentialId: credential.id,
    userHandle: null,
    publicKey: toBase64Url(credential.publicKey),
    counter: credential.counter,
    transports,
    aaguid,
    isBackupEligible: credentialDeviceType === 'multiDevice',
    isBackedUp: credentialBackedUp,
    opensAlone: userVerified && response.clientExtensionResults.credProps?.rk === true,
  }
  return { ok: true, value }
}

/** Reads the attestation by the library, whose errors quote what they found and are therefore dropped. */
async function readAttestation({ settings }: Pick<Platform, 'settings'>, { challenge, response }: Answer) {
  const { clientDataJSON, attestationObject } = response.response
  const { verifyRegistrationResponse } = await loadWebAuthn()
  try {
    if (await hasCertificates(attestationObject)) return null
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...response, response: { clientDataJSON, attestationObject }, clientExtensionResults: {} },
      expectedChallenge: challenge,
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

/**
 * Tells whether an attestation is more than none, or one by the new key itself. None was asked for, and one with
 * certificates is refused before the library reads them and fetches the revocation lists that they name.
 */
async function hasCertificates(attestationObject: string): Promise<boolean> {
  const { decodeAttestationObject } = await loadWebAuthnHelpers()
  const attestation = decodeAttestationObject(Uint8Array.from(Buffer.from(attestationObject, 'base64url')))
  return !['none', 'packed'].includes(attestation.get('fmt')) || attestation.get('attStmt').get('x5c') !== undefined
}
