import { ENROLMENT_AUDIENCE } from '../../config.ts'
import { type AccessTokenClaims, verifyAccessToken } from '../../crypto/access-token.ts'
import { verifyToken } from '../../crypto/derived-token.ts'
import { readRightsClaim } from '../../domain/rights-version.ts'
import { Refusal } from '../../errors.ts'
import type { Platform, Signing } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import type { Credentials } from '../../storage/accounts/credentials.ts'
import { findLiveSessionWithCredentials, type NamedSessions, type Session } from '../../storage/sessions/sessions.ts'
import { findVerifyingKey } from '../signing-keys/signing-keys.ts'
import { liveNow, readLiveSession } from './live-sessions.ts'

/** A person who is signed in, with their session and account as they are now. */
export interface Caller {
  account: Account
  session: Session
  /** The token that names the device, which has a login budget of its own; null where the request brought none. */
  deviceToken: string | null
}

/** A caller who may be asked for the password once more. */
export interface CallerWithCredentials extends Caller {
  credentials: Credentials
}

/**
 * Checks an access token by itself, and asks neither the database nor the blocklist.
 * @throws {Refusal} `unauthenticated`.
 */
export async function verifySignature(
  deps: Signing,
  token: string,
  { mayHaveExpired = false }: { mayHaveExpired?: boolean } = {},
): Promise<AccessTokenClaims> {
  const { issuer, audience } = deps.settings
  const expected = { issuer, audiences: [audience, ENROLMENT_AUDIENCE], nowMs: deps.now(), mayHaveExpired }
  const verified = await verifyAccessToken(token, expected, (kid) => findVerifyingKey(deps, kid))
  if (!verified.ok) throw new Refusal('unauthenticated', { reason: `access token ${verified.error}` })
  return verified.value
}

/** Reads the claims of a genuine access token; anything else gives null. */
export async function openAccessToken(deps: Signing, token: string, options: { mayHaveExpired?: boolean } = {}) {
  try {
    return await verifySignature(deps, token, options)
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

/**
 * Reads which sessions the tokens of a request belong to. The answer is null where none of the tokens is genuine. An
 * access token whose only fault is that it has expired still names its session.
 */
export async function nameSessions(
  deps: Signing,
  { accessToken, refreshToken }: { accessToken: string | null; refreshToken: string | null },
): Promise<NamedSessions | null> {
  const access = accessToken === null ? null : await openAccessToken(deps, accessToken, { mayHaveExpired: true })
  const refresh = refreshToken === null ? null : verifyToken(deps.settings.secrets, refreshToken, 'refresh')
  return access || refresh ? { access, refresh } : null
}

/**
 * Trusts a token for reading. It checks the signature and the blocklist, which may lag (docs/security.md, "How fast a
 * token dies"). A token that names roles or permissions which have changed since is refused as that of an ended session
 * is: its session lives, and the client goes on with a new token.
 */
export async function authenticateRead(
  deps: Signing & Pick<Platform, 'blocklist'>,
  token: string,
): Promise<AccessTokenClaims> {
  const claims = await verifySignature(deps, token)
  if (await deps.blocklist.isRevoked(claims.sid, readRightsClaim(claims.rights_version)))
    throw new Refusal('unauthenticated', { reason: 'session ended or rights changed' })
  return claims
}

/**
 * Reads the session and the account as they are now. Every change and every sensitive answer asks for this, because an
 * end then takes effect at once.
 */
export async function authenticateFresh(deps: Signing, token: string): Promise<Omit<Caller, 'deviceToken'>> {
  const { sid } = await verifySignature(deps, token)
  return (await readLiveSession(deps, sid)) ?? refuseEnded()
}

/**
 * Does the same, and also reads what the password is verified by, for a route that asks for the password once more. It
 * takes one read, too.
 */
export async function authenticateWithCredentials(
  deps: Signing,
  token: string,
): Promise<Omit<CallerWithCredentials, 'deviceToken'>> {
  const { sid } = await verifySignature(deps, token)
  return (await findLiveSessionWithCredentials(deps.db, sid, liveNow(deps))) ?? refuseEnded()
}

/**
 * Tells whether a token is good only for setting up or showing a second factor. The session may be good for more by
 * now, which only the database knows.
 */
export const isForEnrolment = ({ aud }: Pick<AccessTokenClaims, 'aud'>): boolean => aud === ENROLMENT_AUDIENCE

/** Refuses a genuine token whose session has ended. */
export function refuseEnded(): never {
  throw new Refusal('unauthenticated', { reason: 'session ended' })
}
