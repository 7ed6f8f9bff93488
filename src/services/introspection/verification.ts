import type { AccessTokenClaims } from '../../crypto/access-token.ts'
import type { Platform, Signing } from '../../platform/platform.ts'
import { authenticateFresh, authenticateRead } from '../sessions/authentication.ts'

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
  authenticatedAt: number
}

export type VerifiedToken =
  | { ok: true; claims: ServiceClaims }
  | { ok: false; code: 'unauthenticated' | 'forbidden' | 'unavailable' }

type Needs = Signing & Pick<Platform, 'blocklist' | 'noteActivity'>

/**
 * Verifies a token for another Worker. The question shows that the session is in use.
 * @throws {Refusal} `unauthenticated`.
 */
export async function verifyForService(deps: Needs, token: string, options: VerifyOptions): Promise<VerifiedToken> {
  const claims = options.fresh ? await readFresh(deps, token) : fromToken(await authenticateRead(deps, token))
  deps.noteActivity(claims.sessionId)
  const { permission } = options
  if (permission !== undefined && !claims.permissions.includes(permission)) return { ok: false, code: 'forbidden' }
  return { ok: true, claims }
}

async function readFresh(deps: Needs, token: string): Promise<ServiceClaims> {
  const { account, session } = await authenticateFresh(deps, token)
  return {
    userId: account.id,
    sessionId: session.id,
    roles: account.roles,
    permissions: account.permissions,
    methods: session.methods,
    authenticatedAt: Math.floor(session.authenticatedAt / 1000),
  }
}

function fromToken({ sub, sid, roles, permissions, amr, auth_time }: AccessTokenClaims): ServiceClaims {
  return { userId: sub, sessionId: sid, roles, permissions, methods: amr, authenticatedAt: auth_time }
}
