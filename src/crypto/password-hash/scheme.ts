/** A hash that was read, with what one check of it costs. Nothing has been hashed yet. */
export interface ReadablePasswordHash {
  /** The CPU time of one check, estimated on the high side (docs/decisions/0029-foreign-hashes.md). */
  costMs: number
  memoryKib: number
  /** Tells whether the password, exactly as it was typed, has this hash. */
  isHashOf: (password: string) => boolean
}

/**
 * One way to hash passwords, in every form in which some system writes it. It reads a hash, and answers null for a text
 * that has none of these forms.
 */
export type PasswordScheme = (text: string) => ReadablePasswordHash | null

/** A tag of fewer bytes could be met by chance. */
const TAG_MIN_BYTES = 16

/** Reads a salt or a tag; null where it is shorter than a tag may be. */
export function readTag(text: string | undefined, encoding: 'hex' | 'base64'): Buffer | null {
  const tag = Buffer.from(text ?? '', encoding)
  return tag.length < TAG_MIN_BYTES ? null : tag
}
