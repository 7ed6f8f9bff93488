import { CompactEncrypt, compactDecrypt } from 'jose'
import { deriveKey, type Secrets } from './derived-key.ts'

/** Encrypts under the first secret: a compact JWE (`dir`, A256GCM) whose `kid` is the secret's version (RFC 7516). */
export async function seal(secrets: Secrets, purpose: string, plaintext: string): Promise<string> {
  const [first] = secrets
  return await new CompactEncrypt(new TextEncoder().encode(plaintext))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: first.version })
    .encrypt(deriveKey(first.secret, `seal:${purpose}`))
}

/**
 * Opens what `seal` made, under any version of the secret; null when it was changed, made for another purpose, or
 * sealed under a version that is no longer there.
 */
export async function unseal(secrets: Secrets, purpose: string, sealed: string): Promise<{ plaintext: string } | null> {
  try {
    const { plaintext } = await compactDecrypt(
      sealed,
      ({ kid }) => {
        const secret = secrets.find(({ version }) => version === kid)?.secret
        if (!secret) throw new Error('unknown secret version')
        return deriveKey(secret, `seal:${purpose}`)
      },
      { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] },
    )
    return { plaintext: new TextDecoder().decode(plaintext) }
  } catch {
    return null
  }
}
