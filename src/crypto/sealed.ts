import { CompactEncrypt, compactDecrypt } from 'jose'
import type * as z from 'zod'
import { deriveKey, type Secrets } from './derived-key.ts'

/**
 * What a value is sealed for, where it belongs to one user or one row. It names its owner as `sub` in the protected
 * header, which is the associated data of the encryption (RFC 7516 §5.1). So it opens for nobody else, even where
 * somebody moved it to another row.
 */
export interface OwnedPurpose {
  name: string
  ownerId: string
}
type Purpose = string | OwnedPurpose

const read = (purpose: Purpose) => (typeof purpose === 'string' ? { name: purpose, ownerId: undefined } : purpose)

/**
 * Encrypts a value as JSON under the first secret: a compact JWE (`dir`, A256GCM) whose `kid` is the secret's version
 * (RFC 7516).
 */
export async function seal(secrets: Secrets, purpose: Purpose, value: unknown): Promise<string> {
  const [first] = secrets
  const { name, ownerId } = read(purpose)
  return await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(value)))
    .setProtectedHeader({
      alg: 'dir',
      enc: 'A256GCM',
      kid: first.version,
      ...(ownerId === undefined ? {} : { sub: ownerId }),
    })
    .encrypt(deriveKey(first.secret, `seal:${name}`))
}

/**
 * Opens what `seal` made, under any version of the secret, and reads it by its schema. The answer is null when the
 * value was changed, made for another purpose or another owner, or sealed under a version that is no longer there. It
 * is also null when the value has another shape, because another version of this Worker sealed it.
 */
export async function unseal<Schema extends z.ZodType>(
  secrets: Secrets,
  purpose: Purpose,
  sealed: string,
  schema: Schema,
): Promise<z.infer<Schema> | null> {
  const plaintext = await decrypt(secrets, purpose, sealed)
  return plaintext === null ? null : (schema.safeParse(JSON.parse(plaintext)).data ?? null)
}

async function decrypt(secrets: Secrets, purpose: Purpose, sealed: string): Promise<string | null> {
  const { name, ownerId } = read(purpose)
  try {
    const { plaintext } = await compactDecrypt(
      sealed,
      ({ kid, sub }) => {
        const secret = secrets.find(({ version }) => version === kid)?.secret
        if (!secret || sub !== ownerId) throw new Error('unknown secret version, or the value of another owner')
        return deriveKey(secret, `seal:${name}`)
      },
      { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] },
    )
    return new TextDecoder().decode(plaintext)
  } catch {
    return null
  }
}
