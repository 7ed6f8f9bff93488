import { DELETIONS_PER_RUN } from '../../config.ts'
import { DAY_MS } from '../../domain/day.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import { Refusal } from '../../errors.ts'
import { logError } from '../../platform/log.ts'
import type { EndingSessions, Mailing, Platform, TryingPasswords } from '../../platform/platform.ts'
import { type Account, deleteAccountStatement } from '../../storage/accounts/accounts.ts'
import {
  findDueDeletion,
  scheduleDeletionStatement,
  whenDeletionIsDue,
  whenMayBeDeleted,
} from '../../storage/accounts/deletion.ts'
import { forgetSessionsStatement, listUntoldErasures, recordErasureStatement } from '../../storage/accounts/erasure.ts'
import { findUserStatement } from '../../storage/accounts/users.ts'
import { type Actors, bySelf, bySystem } from '../../storage/actors.ts'
import { auditStatement, whenRecorded } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import type { Condition } from '../../storage/conditions.ts'
import { leaveMailsStatements } from '../../storage/mail.ts'
import { removePictureStatement } from '../../storage/pictures.ts'
import { endSessionsStatement } from '../../storage/sessions/sessions.ts'
import { newId } from '../identifiers.ts'
import { noticeTo, UNDOABLE } from '../notices.ts'
import { proveAgain } from '../passwords/proof.ts'
import type { CallerWithCredentials } from '../sessions/authentication.ts'
import { revokeSessions } from '../sessions/ending.ts'

export type Deleting = Mailing & EndingSessions

/**
 * Deletes the caller's account and all that belongs to it, at once or after the days of grace. It asks for a recent
 * login, or for the password.
 * @throws {Refusal} `step_up_required`, `invalid_credentials`, `login_throttled`, `last_admin`.
 */
export async function deleteOwnAccount(
  deps: TryingPasswords & Deleting,
  caller: CallerWithCredentials,
  password: string | undefined,
): Promise<void> {
  const { account } = caller
  await proveAgain(deps, caller, password)
  const when = whenMayBeDeleted(account.id)
  const isDone =
    deps.settings.deletionGraceDays > 0
      ? await scheduleDeletion(deps, account, when)
      : await deleteAccount(deps, account, { actors: bySelf(account), when })
  if (isDone) return
  const [left] = await findUserStatement(deps.db, account.id)
  if (left?.deletesAt === null) throw new Refusal('last_admin')
}

/**
 * Deletes an account and all that belongs to it, and tells its owner, if `when` holds. The record that stays behind has
 * the rest erased, and the blocklist told where that fails now.
 * @returns whether it did.
 */
export async function deleteAccount(
  deps: Deleting,
  account: Account,
  { actors, when }: { actors: Actors; when: Condition },
): Promise<boolean> {
  const { db, requester } = deps
  const at = deps.now()
  const { id } = account
  const eventId = newId()
  const whenDeleted = whenRecorded(eventId)
  const notice = noticeTo(deps, account, { kind: 'account_deleted', at, when: whenDeleted, hasRequestFacts: false })
  const { audit, ended } = await inOneBatch(db, {
    audit: auditStatement(db, { id: eventId, type: 'user.deleted', at, ...actors }, requester, when),
    erasure: recordErasureStatement(db, id, { at, when: whenDeleted }),
    ended: endSessionsStatement(db, id, { when: whenDeleted }),
    mails: leaveMailsStatements(db, id, { noticeKinds: UNDOABLE, when: whenDeleted }),
    notice: notice.statements,
    picture: removePictureStatement(db, id, { at, when: whenDeleted }),
    account: deleteAccountStatement(db, id, whenDeleted),
  })
  if (audit.meta.changes === 0) return false
  try {
    await revokeSessions(deps, ended)
  } catch (error) {
    logError('sessions of a deleted account not revoked yet', error)
  }
  await deps.announceMails([notice.id])
  return true
}

/**
 * Ends all sessions of an account and has it deleted after the days of grace, unless its owner signs in before, if
 * `when` holds.
 * @returns whether it did.
 */
async function scheduleDeletion(
  deps: Deleting & Pick<Platform, 'settings'>,
  account: Account,
  when: Condition,
): Promise<boolean> {
  const { db, requester } = deps
  const at = deps.now()
  const { deletionGraceDays } = deps.settings
  const deletesAt = at + deletionGraceDays * DAY_MS
  const eventId = newId()
  const whenScheduled = whenRecorded(eventId)
  const details = { deletesAt: toTimestamp(deletesAt) }
  const event = { id: eventId, type: 'user.deletion_requested', at, ...bySelf(account), details } as const
  const notice = noticeTo(deps, account, {
    kind: 'deletion_scheduled',
    at,
    when: whenScheduled,
    facts: { minutes: String(deletionGraceDays * 24 * 60) },
  })
  const { audit, ended } = await inOneBatch(db, {
    audit: auditStatement(db, event, requester, when),
    scheduled: scheduleDeletionStatement(db, account.id, { deletesAt, when: whenScheduled }),
    ended: endSessionsStatement(db, account.id, { when: whenScheduled }),
    notice: notice.statements,
  })
  if (audit.meta.changes === 0) return false
  await revokeSessions(deps, ended)
  await deps.announceMails([notice.id])
  return true
}

/**
 * Deletes the account whose grace has been over for longest, and tells the blocklist of the sessions of deleted
 * accounts of which it may not know yet.
 */
export async function finishDeletions(deps: Deleting): Promise<void> {
  const { db } = deps
  const due = await findDueDeletion(db, deps.now())
  if (due) await deleteAccount(deps, due, { actors: bySystem(due), when: whenDeletionIsDue(due.id, deps.now()) })
  const untold = await listUntoldErasures(db, DELETIONS_PER_RUN)
  if (untold.length === 0) return
  await revokeSessions(
    deps,
    untold.flatMap(({ sessions }) => (sessions ?? []).map((id) => ({ id }))),
  )
  await forgetSessionsStatement(
    db,
    untold.map(({ userId }) => userId),
  )
}
