import { createHash, createHmac } from 'node:crypto'
import { isEqualInConstantTime } from '../domain/constant-time.ts'
import { deriveKey, type Secrets, type SecretVersion } from './derived-key.ts'

/** What a digest covers of an event: all of it, its details as the text that is stored. */
export interface ChainedEvent {
  sequence: number
  id: string
  type: string
  at: number
  actorId: string | null
  userId: string | null
  requestId: string | null
  details: string
  ip: string | null
  country: string | null
  userAgent: string | null
  /** It is null once the address, the country and the user agent were erased. */
  salt: string | null
}

/** What the hash of a seal covers. */
export interface SealContent {
  number: number
  firstSequence: number
  lastSequence: number
  newestAt: number
  removedUpTo: number
  digests: string
  previousHash: string
  keyVersion: string
  sealedAt: number
}

/** The hash that the first seal names as the one before it. */
export const NO_HASH = ''

/** A SHA-256 digest as base64url has so many characters. */
const DIGEST_LENGTH = 43
const digest = (values: readonly unknown[]) => createHash('sha256').update(JSON.stringify(values)).digest('base64url')

/** Digests what an event says, but for where it came from. */
const digestFact = ({ sequence, id, type, at, actorId, userId, requestId, details }: ChainedEvent) =>
  digest([sequence, id, type, at, actorId, userId, requestId, details])

/** Digests where an event came from, with a salt, so that nobody can guess it from the digest. */
const digestOrigin = ({ salt, ip, country, userAgent }: ChainedEvent) => digest([salt, ip, country, userAgent])

/** Gives the two digests by which a seal knows an event. */
export const digestEvent = (event: ChainedEvent): string => digestFact(event) + digestOrigin(event)

/** Gives the digests of each event of a seal. */
export const readDigests = (digests: string): readonly string[] =>
  Array.from({ length: digests.length / (2 * DIGEST_LENGTH) }, (_, index) =>
    digests.slice(index * 2 * DIGEST_LENGTH, (index + 1) * 2 * DIGEST_LENGTH),
  )

/** Tells whether an event is the one that these digests were made of, or is so but for an origin that was erased. */
export function isDigestOf(digests: string, event: ChainedEvent): boolean {
  const isFact = digests.slice(0, DIGEST_LENGTH) === digestFact(event)
  return isFact && (isErased(event) || digests.slice(DIGEST_LENGTH) === digestOrigin(event))
}

/** Tells whether the origin of an event was erased. */
const isErased = ({ salt, ip, country, userAgent }: ChainedEvent): boolean =>
  salt === null && ip === null && country === null && userAgent === null

/** Hashes a seal, which has the hash of the seal before it, and so all seals before it. It needs no key. */
export const hashSeal = (seal: SealContent): string =>
  digest([
    seal.number,
    seal.firstSequence,
    seal.lastSequence,
    seal.newestAt,
    seal.removedUpTo,
    seal.digests,
    seal.previousHash,
    seal.keyVersion,
    seal.sealedAt,
  ])

const macOf = (secret: Uint8Array, hash: string) =>
  createHmac('sha256', deriveKey(secret, 'audit-seal')).update(hash).digest()

/** Vouches for a seal, and so for all seals before it, under one version of the secret (HMAC-SHA-256). */
export const vouchFor = ({ secret }: SecretVersion, hash: string): string => macOf(secret, hash).toString('base64url')

/**
 * Tells whether a seal was made with our secret. Nobody can tell of a version that is no longer in the list, but a
 * later seal under one that is has the earlier ones in it.
 */
export function judgeSeal(
  secrets: Secrets,
  { keyVersion, hash, mac }: { keyVersion: string; hash: string; mac: string },
): 'genuine' | 'forged' | 'unknown' {
  const version = secrets.find((known) => known.version === keyVersion)
  if (!version) return 'unknown'
  const isGenuine = isEqualInConstantTime(Buffer.from(mac, 'base64url'), macOf(version.secret, hash))
  return isGenuine ? 'genuine' : 'forged'
}
