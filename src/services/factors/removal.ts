import { FACTOR_REMOVAL_WAIT_SECONDS, MAIL_NOTICE_MAX_DELAY_MS } from '../../config.ts'
import { missingFrom } from '../../domain/permissions.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import { Refusal } from '../../errors.ts'
import type { EndingSessions, Mailing, Reading, Recording } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { findUserStatement } from '../../storage/accounts/users.ts'
import { byAdmin, bySystem } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenAll, whenNot, whenTokenExists } from '../../storage/conditions.ts'
import {
  deleteRemovalStatements,
  findDueRemoval,
  insertRemovalStatement,
  selectRemovalStatement,
  whenMayRemoveFactors,
  whenRemovalWaits,
} from '../../storage/factors/removals.ts'
import { mailTokenStatements } from '../../storage/mail.ts'
import { consumeTokenStatement, issueTokenStatement } from '../../storage/one-time-tokens.ts'
import { endSessionsStatement } from '../../storage/sessions/sessions.ts'
import { newId, newOneTimeToken } from '../identifiers.ts'
import { noticeTo } from '../notices.ts'
import { proveToken, refuseIfLost } from '../one-time-tokens.ts'
import type { Caller } from '../sessions/authentication.ts'
import { revokeSessions } from '../sessions/ending.ts'
import { hasStrongFactor, removeFactorsStatements } from './registry.ts'
import { stopRemovalStatements } from './stop-removal.ts'

/**
 * Asks, as an admin, for the removal of a user's second factors, which is the one way back for somebody who has lost
 * all of them. It waits for `FACTOR_REMOVAL_WAIT_SECONDS`, and the user is told at once and can stop it. A second
 * request changes nothing, so that nobody shortens the wait.
 * @returns when the factors are removed, in milliseconds since the epoch.
 * @throws {Refusal} `forbidden` for the admin's own factors; `permission_not_held` for somebody who holds more;
 * `not_found` where there is no such active user or they have no factor; `rate_limited` where the mail cannot leave.
 */
export async function requestFactorRemoval(
  deps: Reading & Mailing,
  { account: admin }: Pick<Caller, 'account'>,
  userId: string,
): Promise<number> {
  const { db, requester } = deps
  const [user] = await findUserStatement(db, userId)
  assertRemovable(admin, user)
  const now = deps.now()
  const removesAt = now + FACTOR_REMOVAL_WAIT_SECONDS * 1000
  const token = newOneTimeToken(now, FACTOR_REMOVAL_WAIT_SECONDS)
  const mailId = newId()
  const details = { removesAt: toTimestamp(removesAt) }
  const event = { type: 'factors.removal_requested', at: now, ...byAdmin(admin, user), details } as const
  const when = whenAll([whenMayRemoveFactors(admin.id, userId), whenNot(whenRemovalWaits(userId))])
  const { waiting } = await inOneBatch(db, {
    token: issueTokenStatement(db, { ...token, purpose: 'keep_factors' }, { id: userId, when }),
    mail: mailTokenStatements(db, {
      id: mailId,
      kind: 'factor_removal_requested',
      tokenId: token.id,
      locale: user.locale,
      createdAt: now,
    }),
    removal: insertRemovalStatement(db, {
      userId,
      tokenId: token.id,
      requestedBy: admin.id,
      requestedAt: now,
      removesAt,
    }),
    audit: auditStatement(db, event, requester, whenRemovalWaits(userId, token.id)),
    waiting: selectRemovalStatement(db, userId),
  })
  await deps.announceMails([mailId])
  const [removal] = waiting
  if (!removal) throw new Refusal('rate_limited', { retryAfterSeconds: MAIL_NOTICE_MAX_DELAY_MS / 1000 })
  return removal.removesAt
}

function assertRemovable(admin: Account, user: Account | undefined): asserts user is Account {
  if (user?.status !== 'active') throw new Refusal('not_found', { reason: 'no such active user' })
  if (user.id === admin.id) throw new Refusal('forbidden', { reason: 'own factors' })
  if (missingFrom(admin.permissions, user.permissions).length > 0) throw new Refusal('permission_not_held')
  if (!hasStrongFactor(user)) throw new Refusal('not_found', { reason: 'no factor' })
}

/**
 * Stops the removal of the factors of whoever has the mail that told of it.
 * @throws {Refusal} `invalid_token`, whatever is wrong with it, also when the factors are gone.
 */
export async function keepFactors(deps: Reading & Recording, shown: string): Promise<void> {
  const { token, account } = await proveToken(deps, { token: shown }, 'keep_factors')
  const when = whenTokenExists(token.id)
  const [audit, _, removal] = stopRemovalStatements(deps, account, { why: 'mail', when })
  const { consumed } = await inOneBatch(deps.db, { audit, removal, consumed: consumeTokenStatement(deps.db, token.id) })
  refuseIfLost(consumed, token.id)
}

/**
 * Removes the factors of the user whose removal has been due for longest, ends their sessions, and tells them. It does
 * not where the admin who asked for it may no longer change that user, or one of the two is no longer active.
 * @returns whether there was one.
 */
export async function removeDueFactors(deps: Reading & Mailing & EndingSessions): Promise<boolean> {
  const { db, requester } = deps
  const now = deps.now()
  const found = await findDueRemoval(db, now)
  if (!found) return false
  const { removal, account } = found
  const { userId, tokenId } = removal
  const admin = { id: removal.requestedBy }
  const whenWaits = whenRemovalWaits(userId, tokenId)
  const whenAllowed = whenMayRemoveFactors(admin.id, userId)
  const when = whenAll([whenWaits, whenAllowed])
  const notice = noticeTo(deps, account, { kind: 'factors_removed', at: now, when, hasRequestFacts: false })
  const dropped = { type: 'factors.removal_dropped', at: now, ...bySystem(account) } as const
  const { ended } = await inOneBatch(db, {
    ended: endSessionsStatement(db, userId, { when }),
    notice: notice.statements,
    audit: auditStatement(db, { type: 'factors.removed', at: now, ...byAdmin(admin, account) }, requester, when),
    dropped: auditStatement(db, dropped, requester, whenAll([whenWaits, whenNot(whenAllowed)])),
    factors: removeFactorsStatements(db, userId, when),
    removal: deleteRemovalStatements(db, userId, whenWaits),
  })
  await revokeSessions(deps, ended)
  await deps.announceMails([notice.id])
  return true
}
