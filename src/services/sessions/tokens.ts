import { ACR, type Acr, ENROLMENT_AUDIENCE, TOKEN_PERMISSIONS_MAX_BYTES } from '../../config.ts'
import { signAccessToken } from '../../crypto/access-token.ts'
import { makeToken } from '../../crypto/derived-token.ts'
import { toRightsClaim } from '../../domain/rights-version.ts'
import type { Signing } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import type { Grant } from '../../storage/sessions/grants.ts'
import type { Session } from '../../storage/sessions/sessions.ts'
import { findSigningKey } from '../signing-keys/signing-keys.ts'
import { findShortfall, type StandingAccount, type StandingSession } from './standing.ts'

/** A pair of tokens and how long each lives, in seconds. */
export interface IssuedTokens {
  accessToken: string
  expiresIn: number
  refreshToken: string
  refreshExpiresIn: number
}

/**
 * Signs an access token for the session as it is now, and derives the refresh token of its grant. With an idle time-out
 * the access token lives half as long as that at most. A client that only calls services which verify tokens offline
 * thereby shows, by refreshing, that it is still in use. Where the session lacks a factor that a role of its account
 * requires, the token names no role, and is addressed to no other service.
 */
export async function issueTokens(
  deps: Signing,
  account: Pick<Account, 'id' | 'roles' | 'permissions' | 'rightsVersions'> & StandingAccount,
  session: Pick<Session, 'id' | 'methods' | 'authenticatedAt' | 'expiresAt'> & StandingSession,
  { id, generation, salt }: Pick<Grant, 'id' | 'generation' | 'salt'>,
): Promise<IssuedTokens> {
  const { settings } = deps
  const now = Math.floor(deps.now() / 1000)
  const sessionEnds = Math.floor(session.expiresAt / 1000)
  const halfIdle = Math.ceil(settings.sessionIdleTimeoutSeconds / 2) || settings.accessTokenTtlSeconds
  const expires = Math.min(now + Math.min(settings.accessTokenTtlSeconds, halfIdle), sessionEnds)
  const isFull = findShortfall(deps, account, session) === null
  const accessToken = await signAccessToken(await findSigningKey(deps), {
    iss: settings.issuer,
    sub: account.id,
    aud: isFull ? settings.audience : ENROLMENT_AUDIENCE,
    exp: expires,
    iat: now,
    jti: crypto.randomUUID(),
    sid: session.id,
    roles: isFull ? account.roles : [],
    permissions: isFull ? boundPermissions(account.permissions) : [],
    amr: session.methods,
    acr: toAcr(session),
    auth_time: Math.floor(session.authenticatedAt / 1000),
    rights_version: toRightsClaim(account.rightsVersions),
  })
  const refreshToken = makeToken(settings.secrets, { purpose: 'refresh', id, generation, salt })
  return { accessToken, expiresIn: expires - now, refreshToken, refreshExpiresIn: sessionEnds - now }
}

/** Names no permission where there are too many for a token. Whoever reads it then goes by the roles, or asks. */
const boundPermissions = (permissions: string[]): string[] =>
  JSON.stringify(permissions).length > TOKEN_PERMISSIONS_MAX_BYTES ? [] : permissions

/** Tells how much was shown when the user of a session last authenticated. */
export const toAcr = ({ strongAuthenticatedAt }: Pick<Session, 'strongAuthenticatedAt'>): Acr =>
  strongAuthenticatedAt === null ? ACR.single : ACR.multi
