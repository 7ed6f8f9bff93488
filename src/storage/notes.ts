import { and, eq } from 'drizzle-orm'
import { insertWhere } from './conditional-insert.ts'
import type { Condition } from './conditions.ts'
import type { Database } from './database.ts'
import { userNotes, users } from './schema/index.ts'

/** Finds a user, and the note about them; its columns are null where there is none. */
export function findNoteStatement(db: Database, userId: string) {
  return db
    .select({ note: userNotes.note, changedAt: userNotes.changedAt, changedBy: userNotes.changedBy })
    .from(users)
    .leftJoin(userNotes, eq(userNotes.userId, users.id))
    .where(eq(users.id, userId))
}

/** Writes the note about a user, in the place of an earlier one, if `when` holds. */
export function putNoteStatement(db: Database, row: typeof userNotes.$inferInsert, when: Condition) {
  const { userId: _, ...changes } = row
  return insertWhere(db, userNotes, row, when).onConflictDoUpdate({ target: userNotes.userId, set: changes })
}

export function deleteNoteStatement(db: Database, userId: string, when: Condition) {
  return db.delete(userNotes).where(and(eq(userNotes.userId, userId), when))
}
