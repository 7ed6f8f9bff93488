import { REFUSAL_RECORD_INTERVAL_SECONDS } from '../../config.ts'
import type { RefusalCode } from '../../errors.ts'
import type { Recording } from '../../platform/platform.ts'
import { bySelf } from '../../storage/actors.ts'
import { keepEventStatement, whenNotRefusedSince } from '../../storage/audit.ts'

const UNAUTHORIZED = ['forbidden', 'permission_not_held'] as const satisfies readonly RefusalCode[]
type UnauthorizedCode = (typeof UNAUTHORIZED)[number]

/** Tells whether a refusal says that somebody who is signed in tried what they may not do. */
export const isUnauthorized = (code: string): code is UnauthorizedCode =>
  (UNAUTHORIZED as readonly string[]).includes(code)

/**
 * Records that an account was refused what it may not do (ASVS 16.3.2): once an hour for each route and code, so that
 * nobody can fill the trail. The log has a line for every refusal.
 */
export async function recordRefusal(
  { db, now, requester }: Recording,
  userId: string,
  details: { route: string; code: UnauthorizedCode },
): Promise<void> {
  const at = now()
  const since = at - REFUSAL_RECORD_INTERVAL_SECONDS * 1000
  const event = { type: 'authorization.refused', at, ...bySelf({ id: userId }), details } as const
  await keepEventStatement(db, event, requester, whenNotRefusedSince(userId, details, since))
}
