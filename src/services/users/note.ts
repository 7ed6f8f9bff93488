import type { UserNote } from '../../contracts/user-administration.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import { Refusal } from '../../errors.ts'
import type { Reading, Recording } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { findUserStatement } from '../../storage/accounts/users.ts'
import { byAdmin } from '../../storage/actors.ts'
import { auditStatement, whenRecorded } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { deleteNoteStatement, findNoteStatement, putNoteStatement } from '../../storage/notes.ts'
import { whenMayActUpon } from '../../storage/roles.ts'
import { newId } from '../identifiers.ts'
import type { ReadAsCaller } from '../sessions/reading.ts'
import { explainRefusal } from './acting.ts'

type Note = Awaited<ReturnType<typeof findNoteStatement>>[number]

const toNote = ({ note, changedAt, changedBy }: Note): UserNote => ({
  note,
  changedAt: toTimestamp(changedAt),
  changedBy,
})

/** Reads what administrators have noted about somebody, who sees it only in their export. @throws `not_found`. */
export async function readNote(deps: Pick<Reading, 'db'>, readAsCaller: ReadAsCaller, id: string): Promise<UserNote> {
  const [found] = await readAsCaller(findNoteStatement(deps.db, id))
  if (!found) throw new Refusal('not_found')
  return toNote(found)
}

/**
 * Notes something about somebody, or removes the note. The trail names who did so, and not what the note says.
 * @throws {Refusal} `not_found`, `permission_not_held`.
 */
export async function changeNote(
  deps: Recording,
  admin: Account,
  userId: string,
  note: string | null,
): Promise<UserNote> {
  const { db, requester } = deps
  const [id, at] = [newId(), deps.now()]
  const when = whenRecorded(id)
  const event = { id, type: 'user.note_changed', at, ...byAdmin(admin, { id: userId }) } as const
  const whenMay = whenMayActUpon({ id: admin.id, permission: 'users:write' }, userId)
  const { audit, found, user } = await inOneBatch(db, {
    audit: auditStatement(db, { ...event, details: { isRemoved: note === null } }, requester, whenMay),
    note:
      note === null
        ? deleteNoteStatement(db, userId, when)
        : putNoteStatement(db, { userId, note, changedAt: at, changedBy: admin.id }, when),
    found: findNoteStatement(db, userId),
    user: findUserStatement(db, userId),
  })
  const [changed] = found
  if (audit.meta.changes === 0 || !changed) throw explainRefusal(admin, user[0])
  return toNote(changed)
}
