import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { ACR, type Acr, SIGNING_ALGORITHM } from '../config.ts'
import type { Result } from '../result.ts'

/** The media type of an access token (RFC 9068 §2.1). */
const TYPE = 'at+jwt'

/** The claims of an access token (RFC 9068 §2.2). Times are seconds since the epoch. */
export interface AccessTokenClaims {
  iss: string
  sub: string
  aud: string
  exp: number
  iat: number
  jti: string
  /** The id of the session, by which the blocklist names it. */
  sid: string
  roles: string[]
  permissions: string[]
  /** The authentication methods of the session (RFC 8176). */
  amr: string[]
  /** How much was shown when the user last authenticated. */
  acr: Acr
  /** When the user last authenticated. */
  auth_time: number
  /** The state of the rights that the token was made from (`domain/rights-version.ts`), for the blocklist alone. */
  rights_version?: string | undefined
}

export async function signAccessToken(
  key: { kid: string; privateKey: CryptoKey },
  claims: AccessTokenClaims,
): Promise<string> {
  return await new SignJWT({ ...claims })
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, kid: key.kid, typ: TYPE })
    .sign(key.privateKey)
}

/**
 * Checks the signature, algorithm, type, issuer, audience, times and form of every claim (RFC 8725 §3, RFC 9068 §4).
 * `findKey` answers null for a `kid` that is not ours. Keys that the token itself names (`jku`, `jwk`, `x5u`) are never
 * looked at. With `mayHaveExpired`, a token whose only fault is that it has expired is accepted.
 */
export async function verifyAccessToken(
  token: string,
  expected: { issuer: string; audiences: string[]; nowMs: number; mayHaveExpired: boolean },
  findKey: (kid: string) => Promise<CryptoKey | null>,
): Promise<Result<AccessTokenClaims, 'expired' | 'invalid'>> {
  try {
    const { payload } = await jwtVerify(
      token,
      async ({ kid }) => {
        const key = kid === undefined ? null : await findKey(kid)
        if (!key) throw new errors.JWKSNoMatchingKey()
        return key
      },
      {
        algorithms: [SIGNING_ALGORITHM],
        typ: TYPE,
        issuer: expected.issuer,
        audience: expected.audiences,
        currentDate: new Date(expected.nowMs),
        requiredClaims: ['sub', 'exp', 'iat', 'jti', 'sid', 'auth_time'],
      },
    )
    return isAccessTokenClaims(payload) ? { ok: true, value: payload } : { ok: false, error: 'invalid' }
  } catch (error) {
    // jose checks the expiry only after everything else has proved right.
    if (error instanceof errors.JWTExpired)
      return expected.mayHaveExpired && isAccessTokenClaims(error.payload)
        ? { ok: true, value: error.payload }
        : { ok: false, error: 'expired' }
    if (error instanceof errors.JOSEError) return { ok: false, error: 'invalid' }
    throw error
  }
}

function isAccessTokenClaims(payload: JWTPayload): payload is AccessTokenClaims & JWTPayload {
  const isStrings = (value: unknown) => Array.isArray(value) && value.every((item) => typeof item === 'string')
  return (
    typeof payload.sub === 'string' &&
    typeof payload.sid === 'string' &&
    typeof payload.aud === 'string' &&
    typeof payload.auth_time === 'number' &&
    ['string', 'undefined'].includes(typeof payload.rights_version) &&
    Object.values<unknown>(ACR).includes(payload.acr) &&
    isStrings(payload.roles) &&
    isStrings(payload.permissions) &&
    isStrings(payload.amr)
  )
}
