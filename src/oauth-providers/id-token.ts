import { createLocalJWKSet, errors, type JSONWebKeySet, type JWK, type JWTPayload, jwtVerify } from 'jose'
import { fetchBounded, isObject, readJsonObject } from './network.ts'
import { ProviderError } from './provider-error.ts'
import { createResolvedCache } from './resolved-cache.ts'

const KEY_SET_MAX_AGE_MS = 10 * 60_000
/** A token with an unknown key makes each isolate ask the provider again, but not more often than this. */
const KEY_SET_RELOAD_MIN_MS = 10_000
/** How far the provider's clock and ours may disagree. */
const CLOCK_TOLERANCE_SECONDS = 60
/** The token comes straight from the token endpoint, so it was made moments ago, and an old one is a replay. */
const MAX_TOKEN_AGE_SECONDS = 10 * 60
/** OpenID Connect Core §2 limits a subject to this length. */
const SUBJECT_MAX_LENGTH = 255

/**
 * The list holds asymmetric algorithms only: neither `none`, nor HMAC, whose key would be the client secret (RFC 8725
 * §3.1, §3.2).
 */
export const ID_TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const
type IdTokenAlgorithm = (typeof ID_TOKEN_ALGORITHMS)[number]

export interface IdTokenClaims extends JWTPayload {
  iss: string
  sub: string
}

interface IdTokenExpectations {
  jwksUri: string
  clientId: string
  algorithms: readonly IdTokenAlgorithm[]
  /** Decides whether `iss` is right, with the other claims and the key that signed at hand. */
  isIssuer: (claims: IdTokenClaims, key: JWK) => boolean
  nonce: string
  /** It is false for a provider that ignores `nonce`. The nonce is then only checked where it is present. */
  nonceRequired?: boolean
  /** Unix time in milliseconds. */
  now: number
}

const keySets = createResolvedCache<JSONWebKeySet>(KEY_SET_MAX_AGE_MS)

/** Forgets every key set. It is for tests, because an isolate never needs it. */
export function forgetKeySets(): void {
  keySets.clear()
}

/**
 * Verifies an ID token as OpenID Connect Core §3.1.3.7 asks: the signature by the issuer's published keys, `iss`,
 * `aud`, `azp`, `exp`, `iat`, `nonce`, and an algorithm from the list. Arctic only decodes it.
 *
 * A key that the cached set does not hold is looked up once more, so that a rotation at the provider locks nobody out.
 * @throws {ProviderError} `invalid_provider_response`, or `provider_unavailable` where the keys cannot be had.
 */
export async function verifyIdToken(token: string, expected: IdTokenExpectations): Promise<IdTokenClaims> {
  const { now } = expected
  const load = async () => readKeySet(await fetchBounded(expected.jwksUri, { headers: { accept: 'application/json' } }))
  const keySet = await keySets.get(expected.jwksUri, { now, load })
  try {
    return await verifyWith(keySet, token, expected)
  } catch (error) {
    if (!mayBeRotated(error)) throw refusal(error)
  }
  const reloaded = await keySets.reload(expected.jwksUri, { now, load, minIntervalMs: KEY_SET_RELOAD_MIN_MS })
  try {
    return await verifyWith(reloaded, token, expected)
  } catch (error) {
    throw refusal(error)
  }
}

async function verifyWith(keySet: JSONWebKeySet, token: string, expected: IdTokenExpectations): Promise<IdTokenClaims> {
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keySet), {
    algorithms: [...expected.algorithms],
    audience: expected.clientId,
    requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    maxTokenAge: MAX_TOKEN_AGE_SECONDS,
    currentDate: new Date(expected.now),
  })
  const { iss, sub, azp, nonce } = payload
  // An access token or logout token of the same issuer is not an ID token (RFC 8725 §3.11).
  if (protectedHeader.typ !== undefined && !/^(application\/)?jwt$/i.test(protectedHeader.typ)) refuse('typ')
  if (typeof iss !== 'string') return refuse('iss')
  if (typeof sub !== 'string' || sub === '' || sub.length > SUBJECT_MAX_LENGTH) return refuse('sub')
  const claims: IdTokenClaims = { ...payload, iss, sub }
  const key = keySet.keys.find(({ kid }) => protectedHeader.kid === undefined || kid === protectedHeader.kid)
  if (key === undefined || !expected.isIssuer(claims, key)) refuse('iss')
  const severalAudiences = Array.isArray(payload.aud) && payload.aud.length > 1
  if ((severalAudiences || azp !== undefined) && azp !== expected.clientId) refuse('azp')
  const nonceMissing = nonce === undefined && expected.nonceRequired !== false
  if (nonceMissing || (nonce !== undefined && nonce !== expected.nonce)) refuse('nonce')
  return claims
}

async function readKeySet(response: Response): Promise<JSONWebKeySet> {
  const { keys } = await readJsonObject(response)
  if (response.status !== 200 || !Array.isArray(keys) || !keys.every(isObject))
    throw new ProviderError('provider_unavailable', 'the key set is not one')
  return { keys: keys as unknown as JWK[] }
}

/**
 * Tells whether the provider may have rotated its keys: the set lacks the key, or, where keys have no names, the key
 * does not fit any more.
 */
function mayBeRotated(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed
}

function refuse(claim: string): never {
  throw new ProviderError('invalid_provider_response', `ID token: ${claim}`)
}

/** Makes an error that says which rule was broken, and nothing about what the token holds. */
function refusal(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error
  const rule =
    error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired
      ? error.claim
      : error instanceof errors.JOSEError
        ? error.code
        : 'malformed'
  return new ProviderError('invalid_provider_response', `ID token: ${rule}`)
}
