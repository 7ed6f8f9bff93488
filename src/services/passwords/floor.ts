import { IMPORTED_HASH_FLOOR_FACTOR } from '../../config.ts'
import { readImportedHash } from '../../crypto/password-hash/imported.ts'

/**
 * Gives the time that every wrong password takes at least, given the dearest imported hash of any account. With it
 * nobody can tell by time an account that was imported from a name that nobody has
 * (docs/decisions/0029-foreign-hashes.md). Without imported hashes there is no such time.
 */
export const toFloorMs = (dearestHash: string | null): number =>
  Math.ceil((dearestHash === null ? 0 : (readImportedHash(dearestHash)?.costMs ?? 0)) * IMPORTED_HASH_FLOOR_FACTOR)
