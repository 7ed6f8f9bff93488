/** A hash that was read: whether production can verify it, and the check of a password. */
export interface ReadablePasswordHash {
  /** Whether one check stays within the limits of `config.ts`. A hash beyond them is never computed. */
  isWithinLimits: boolean
  /** Tells whether the password, exactly as it is spelled, has this hash. */
  isHashOf: (password: string) => boolean
}

/** One way to hash passwords, in every form in which some system writes it. */
export interface PasswordScheme {
  /** Tells from its beginning whether a text claims to be a hash of this scheme. */
  claims: (text: string) => boolean
  /** Reads a hash of this scheme; null where it is malformed. */
  read: (text: string) => ReadablePasswordHash | null
}
