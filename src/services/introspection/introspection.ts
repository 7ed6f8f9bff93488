import type { Introspection } from '../../contracts/introspection.ts'
import { verifyToken } from '../../crypto/derived-token.ts'
import type { EndingSessions, Platform, Reading, Signing } from '../../platform/platform.ts'
import { findLiveGrant } from '../../storage/sessions/grants.ts'
import { isForEnrolment, openAccessToken } from '../sessions/authentication.ts'
import { endNamedSessions } from '../sessions/ending.ts'
import { liveNow, readLiveSession } from '../sessions/live-sessions.ts'
import { findShortfall } from '../sessions/standing.ts'
import { toAcr } from '../sessions/tokens.ts'

const INACTIVE: Introspection = { active: false }

/**
 * Says what a token is worth now. It asks the database, so an ended session or a deactivated user shows at once (RFC
 * 7662). So does one that lacks a factor which a role requires: it is good for nothing but showing that factor here. A
 * question about an access token shows that its session is in use.
 */
export async function introspect(
  deps: Signing & Pick<Platform, 'noteActivity'>,
  token: string,
): Promise<Introspection> {
  const access = await openAccessToken(deps, token)
  const live = access ? await readSessionOfAccess(deps, access) : await readSessionOfRefresh(deps, token)
  if (!live || (access && isForEnrolment(access))) return INACTIVE
  const { session, account, issuedAt } = live
  if (findShortfall(deps, account, session) !== null) return INACTIVE
  if (access) deps.noteActivity(session.id)
  return {
    active: true,
    token_type: access ? 'access_token' : 'refresh_token',
    iss: deps.settings.issuer,
    sub: account.id,
    aud: access?.aud ?? deps.settings.issuer,
    exp: access?.exp ?? Math.floor(session.expiresAt / 1000),
    iat: issuedAt,
    sid: session.id,
    ...(access ? { jti: access.jti } : {}),
    ...(account.username === null ? {} : { username: account.username }),
    roles: account.roles,
    permissions: account.permissions,
    amr: session.methods,
    acr: toAcr(session),
    auth_time: Math.floor(session.authenticatedAt / 1000),
  }
}

/**
 * Ends the session that a token belongs to. A worthless token ends nothing and gets the same answer (RFC 7009 §2.2).
 * @param clientId is the service that asked for it, which the audit trail names; it is null where the user asked.
 */
export async function revoke(
  deps: Signing & EndingSessions,
  token: string,
  clientId: string | null = null,
): Promise<void> {
  const access = await openAccessToken(deps, token)
  const refresh = access ? null : verifyToken(deps.settings.secrets, token, 'refresh')
  if (access || refresh) await endNamedSessions(deps, { access, refresh }, { clientId })
}

async function readSessionOfAccess(deps: Reading, { sid, iat }: { sid: string; iat: number }) {
  const live = await readLiveSession(deps, sid)
  return live && { ...live, issuedAt: iat }
}

/** Finds the session of the latest refresh token only, because an earlier one is worth nothing to another service. */
async function readSessionOfRefresh(deps: Reading, token: string) {
  const presented = verifyToken(deps.settings.secrets, token, 'refresh')
  const live = presented && (await findLiveGrant(deps.db, presented, liveNow(deps)))
  if (live?.grant.generation !== presented?.generation) return null
  return live && { ...live, issuedAt: Math.floor(live.grant.rotatedAt / 1000) }
}
