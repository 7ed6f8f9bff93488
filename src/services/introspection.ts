import type { Introspection } from '../contracts/introspection.ts'
import { isGenuineToken, readToken } from '../crypto/derived-token.ts'
import { AuthError } from '../errors.ts'
import type { Platform } from '../platform/compose.ts'
import { findLiveSession } from '../storage/sessions.ts'
import { verifySignature } from './authentication.ts'
import { endSession, endSessionOfToken } from './session-ending.ts'

export type RevocationNeeds = Pick<Platform, 'db' | 'now' | 'client' | 'settings' | 'keyRing' | 'blocklist'>

const INACTIVE: Introspection = { active: false }

/**
 * Says what a token is worth now: asks the database, so an ended session or a deactivated user shows at once (RFC 7662). Being asked
 * about an access token shows that its session is in use.
 */
export async function introspect(
  deps: Omit<RevocationNeeds, 'client' | 'blocklist'> & Pick<Platform, 'noteActivity'>,
  token: string,
): Promise<Introspection> {
  const access = await readAccessToken(deps, token)
  const sessionId = access?.sid ?? readToken(token)?.id
  const idleTimeoutMs = deps.settings.sessionIdleTimeoutSeconds * 1000
  const live = sessionId === undefined ? null : await findLiveSession(deps.db, sessionId, deps.now(), idleTimeoutMs)
  if (!live) return INACTIVE
  const { session, account } = live
  if (!access && !isCurrentRefreshToken(deps, token, session)) return INACTIVE
  if (access) deps.noteActivity(session.id)
  return {
    active: true,
    token_type: access ? 'access_token' : 'refresh_token',
    iss: deps.settings.issuer,
    sub: account.id,
    aud: access?.aud ?? deps.settings.issuer,
    exp: access?.exp ?? Math.floor(session.expiresAt / 1000),
    iat: access?.iat ?? Math.floor(session.rotatedAt / 1000),
    sid: session.id,
    ...(access ? { jti: access.jti } : {}),
    ...(account.username === null ? {} : { username: account.username }),
    roles: account.roles,
    permissions: account.permissions,
    amr: session.methods,
    auth_time: Math.floor(session.authenticatedAt / 1000),
  }
}

/** Ends the session that a token belongs to; a token that is worth nothing ends nothing, and nobody is told (RFC 7009 §2.2). */
export async function revoke(deps: RevocationNeeds, token: string): Promise<void> {
  const access = await readAccessToken(deps, token)
  if (access) {
    await endSessionOfToken(deps, access)
    return
  }
  const claimed = readToken(token)
  const live = claimed && (await findLiveSession(deps.db, claimed.id, deps.now(), 0))
  if (live && isGenuineToken(deps.settings.secrets, claimed, { purpose: 'refresh', salt: live.session.salt }))
    await endSession(deps, live.session)
}

/** The claims of a genuine access token, or null for anything else. */
export async function readAccessToken(
  deps: Pick<RevocationNeeds, 'db' | 'now' | 'settings' | 'keyRing'>,
  token: string,
) {
  try {
    return await verifySignature(deps, token)
  } catch (error) {
    if (error instanceof AuthError) return null
    throw error
  }
}

function isCurrentRefreshToken(
  { settings }: Pick<Platform, 'settings'>,
  token: string,
  session: { salt: string; generation: number },
): boolean {
  const claimed = readToken(token)
  const isGenuine = claimed && isGenuineToken(settings.secrets, claimed, { purpose: 'refresh', salt: session.salt })
  return isGenuine === true && claimed.generation === session.generation
}
