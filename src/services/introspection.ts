import type { Introspection } from '../contracts/introspection.ts'
import { AuthError } from '../errors.ts'
import type { Platform } from '../platform/compose.ts'
import { verifySignature } from './authentication.ts'
import { readLiveSession, readSessionOfRefreshToken } from './live-sessions.ts'
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
  const live = access ? await readLiveSession(deps, access.sid) : await readSessionOfCurrentToken(deps, token)
  if (!live) return INACTIVE
  const { session, account } = live
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

/**
 * Ends the session that a token belongs to; a token that is worth nothing ends nothing, and nobody is told (RFC 7009 §2.2). `service` is
 * the client whose act it is; without one it is the user's.
 */
export async function revoke(deps: RevocationNeeds, token: string, service: string | null = null): Promise<void> {
  const access = await readAccessToken(deps, token)
  if (access) {
    await endSessionOfToken(deps, access, service)
    return
  }
  // One that has rested too long is ended too.
  const live = await readSessionOfRefreshToken(deps, token, 0)
  if (live) await endSession(deps, live.session, service)
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

/** The session of a refresh token that is its latest: an earlier one is worth nothing to another service. */
async function readSessionOfCurrentToken(deps: Pick<RevocationNeeds, 'db' | 'now' | 'settings'>, token: string) {
  const live = await readSessionOfRefreshToken(deps, token)
  if (live === null || live.generation !== live.session.generation) return null
  return live
}
