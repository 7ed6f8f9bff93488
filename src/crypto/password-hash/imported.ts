import { type HashParameters, putInParameters } from './parameters.ts'

/**
 * The stored form of a hash that another system made: `imported:`, what one check costs in four digits of
 * milliseconds, and the hash. The hash of this service never begins so. The dearest hash of all accounts is the last of
 * them in order of text, so an index finds it (docs/decisions/0029-foreign-hashes.md).
 */
const FORM = /^imported:(\d{4}):(.+)$/

export interface ImportedHash {
  costMs: number
  hash: string
}

/** A check of this service's own hash ends within this time. */
const MIN_COST_MS = 150

/** Writes the stored form. A cost below that of this service's own hash is raised to that. */
export const writeImportedHash = ({ costMs, hash }: ImportedHash): string =>
  `imported:${String(Math.max(MIN_COST_MS, Math.ceil(costMs))).padStart(4, '0')}:${hash}`

/** Reads the stored form; null for a hash that this service made itself. */
export function readImportedHash(stored: string): ImportedHash | null {
  const [, costMs, hash] = FORM.exec(stored) ?? []
  return hash === undefined ? null : { costMs: Number(costMs), hash }
}

/** Puts the parameters of its project into a stored hash that refers to them. Any other stays as it is. */
export function putInParametersOfImported(stored: string, parameters: HashParameters): string {
  const imported = readImportedHash(stored)
  const hash = imported && putInParameters(imported.hash, parameters)
  return imported === null || hash === null ? stored : writeImportedHash({ ...imported, hash })
}
