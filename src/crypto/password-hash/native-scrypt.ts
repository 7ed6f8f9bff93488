import { scryptSync } from 'node:crypto'
import type { ReadablePasswordHash } from './scheme.ts'

export interface ScryptCost {
  /** The cost N, a power of two. */
  n: number
  r: number
  p: number
}

/** Production refuses more than this of N·r·p (docs/platform-notes.md). */
const MAX_PRODUCT = 2 ** 20
const MICROSECONDS = 0.5

/** Tells what one run of scrypt (RFC 7914) costs; null for parameters that it does not have or production refuses. */
export function priceScrypt({ n, r, p }: ScryptCost): Pick<ReadablePasswordHash, 'costMs' | 'memoryKib'> | null {
  const product = n * r * p
  if (!(n > 1 && r > 0 && p > 0 && Number.isInteger(Math.log2(n)))) return null
  // The check above keeps this exact, and infinity keeps what is too dear apart from what is malformed.
  const costMs = product > MAX_PRODUCT ? Number.POSITIVE_INFINITY : (product * MICROSECONDS) / 1000
  return { costMs, memoryKib: (128 * (n * r + r * p)) / 1024 }
}

/** Runs scrypt natively, with as much memory as its parameters ask for, which is freed at once. */
export function runScrypt(
  password: string,
  salt: string | Uint8Array,
  { n, r, p, bytes }: ScryptCost & { bytes: number },
): Buffer {
  const maxmem = 128 * r * (n + p + 2) + 1024
  return scryptSync(Buffer.from(password), salt, bytes, { N: n, r, p, maxmem })
}
