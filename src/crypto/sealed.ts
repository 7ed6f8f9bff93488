import { CompactEncrypt, compactDecrypt } from 'jose'
import type * as z from 'zod'
import { deriveKey, type Secrets } from './derived-key.ts'

/**
 * Encrypts a value as JSON under the first secret: a compact JWE (`dir`, A256GCM) whose `kid` is the secret's version
 * (RFC 7516).
 */
export async function seal(secrets: Secrets, purpose: string, value: unknown): Promise<string> {
  const [first] = secrets
  return await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(value)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: first.version })
    .encrypt(deriveKey(first.secret, `seal:${purpose}`))
}

/**
 * Opens what `seal` made, under any version of the secret, and reads it by its schema. The answer is null when the
 * value was changed, made for another purpose, or sealed under a version that is no longer there. It is also null when
 * the value has another shape, because another version of this Worker sealed it.
 */
export async function unseal<Schema extends z.ZodType>(
  secrets: Secrets,
  purpose: string,
  sealed: string,
  schema: Schema,
): Promise<z.infer<Schema> | null> {
  const plaintext = await decrypt(secrets, purpose, sealed)
  return plaintext === null ? null : (schema.safeParse(JSON.parse(plaintext)).data ?? null)
}

async function decrypt(secrets: Secrets, purpose: string, sealed: string): Promise<string | null> {
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
    return new TextDecoder().decode(plaintext)
  } catch {
    return null
  }
}
