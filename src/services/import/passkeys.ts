import type { ImportedPasskey } from '../../contracts/import.ts'
import type { ImportRow } from '../../storage/import.ts'
import { nameProvider } from '../factors/passkeys/management.ts'
import { ALGORITHMS, loadWebAuthnHelpers } from '../factors/passkeys/webauthn.ts'
import { newId } from '../identifiers.ts'
import { LineFault } from './outcome.ts'

/** An authenticator that does not say of which kind it is has this id (WebAuthn Level 3 §6.5.1). */
const UNKNOWN_KIND = '00000000-0000-0000-0000-000000000000'

/**
 * Reads passkeys that were made for the same relying party. Whether one opens the account alone is found out when it
 * first does.
 * @throws {LineFault}
 */
export async function readPasskeys(
  given: readonly ImportedPasskey[],
  { userId, createdAt }: { userId: string; createdAt: number },
): Promise<ImportRow['passkeys']> {
  const ids = new Set(given.map(({ credentialId }) => credentialId))
  if (ids.size < given.length) throw new LineFault('invalid_passkeys')
  const read: ImportRow['passkeys'][number][] = []
  for (const { aaguid: kind, backedUp, name, transports, createdAt: made, backupEligible, ...key } of given) {
    const aaguid = kind ?? UNKNOWN_KIND
    if (!(await isUsableKey(key.publicKey))) throw new LineFault('invalid_passkeys')
    read.push({
      ...key,
      id: newId(),
      userId,
      transports: transports ?? [],
      aaguid,
      name: name ?? (await nameProvider(aaguid)) ?? 'Passkey',
      isBackupEligible: backupEligible,
      isBackedUp: backedUp === true,
      opensAlone: false,
      createdAt: made == null ? createdAt : Math.min(Date.parse(made), createdAt),
      lastUsedAt: null,
    })
  }
  return read
}

/** Tells whether a COSE key is of an algorithm that a login verifies. */
async function isUsableKey(publicKey: string): Promise<boolean> {
  const { decodeCredentialPublicKey, cose } = await loadWebAuthnHelpers()
  try {
    const key = decodeCredentialPublicKey(Uint8Array.from(Buffer.from(publicKey, 'base64url')))
    return ALGORITHMS.some((algorithm) => algorithm === key.get(cose.COSEKEYS.alg))
  } catch {
    return false
  }
}
