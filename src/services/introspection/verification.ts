import type { Acr } from '../../config.ts'
import type { Platform, Signing } from '../../platform/platform.ts'
import { authenticateFresh, authenticateRead, isForEnrolment } from '../sessions/authentication.ts'
import { findShortfall } from '../sessions/standing.ts'
import { toAcr } from '../sessions/tokens.ts'

export interface VerifyOptions {
  /** A user who lacks this permission is refused. */
  permission?: string
  /** Asks the database instead of trusting the token. */
  fresh?: boolean
}

/** What another service needs to know about the user of a request. `authenticatedAt` is in seconds since the epoch. */
export interface ServiceClaims {
  userId: string
  sessionId: string
  roles: string[]
  permissions: string[]
  methods: string[]
  acr: Acr
  authenticatedAt: number
}

export type VerifiedToken =
  | { ok: true; claims: ServiceClaims }
  | { ok: false; code: 'unauthenticated' | 'forbidden' | 'unavailable' }

type Needs = Signing & Pick<Platform, 'blocklist' | 'noteActivity'>

/**
 * Verifies a token for another Worker. A session that lacks a factor which a role of its account requires is forbidden
 * everything until the factor is shown. The question shows that the session is in use.
 * @throws {Refusal} `unauthenticated`.
 */
export async function verifyForService(deps: Needs, token: string, options: VerifyOptions): Promise<VerifiedToken> {
  const claims = options.fresh ? await readFresh(deps, token) : await readToken(deps, token)
  if (claims === null) return { ok: false, code: 'forbidden' }
  deps.noteActivity(claims.sessionId)
  const { permission } = options
  if (permission !== undefined && !claims.permissions.includes(permission)) return { ok: false, code: 'forbidden' }
  return { ok: true, claims }
}

/** Reads the claims as the database has them; null for a session that lacks a factor which a role requires. */
async function readFresh(deps: Needs, token: string): Promise<ServiceClaims | null> {
  const { account, session } = await authenticateFresh(deps, token)
  if (findShortfall(deps, account, session) !== null) return null
  return {
    userId: account.id,
    sessionId: session.id,
    roles: account.roles,
    permissions: account.permissions,
    methods: session.methods,
    acr: toAcr(session),
    authenticatedAt: Math.floor(session.authenticatedAt / 1000),
  }
}

/** Reads the claims as the token has them; null for a token of such a session. */
async function readToken(deps: Needs, token: string): Promise<ServiceClaims | null> {
  const claims = await authenticateRead(deps, token)
  const { sub, sid, roles, permissions, amr, acr, auth_time } = claims
  if (isForEnrolment(claims)) return null
  return { userId: sub, sessionId: sid, roles, permissions, methods: amr, acr, authenticatedAt: auth_time }
}
