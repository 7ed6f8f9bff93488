import { timingSafeEqual } from 'node:crypto'

/**
 * Tells whether two secrets are the same, in a time that reveals nothing about either but its length. A secret whose
 * length must stay unknown is hashed first.
 */
export function isEqualInConstantTime(given: string | Uint8Array, expected: string | Uint8Array): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}
