import { and, eq, getTableColumns, inArray, lte, type SQL, sql } from 'drizzle-orm'
import { insertSelect, insertWhere } from './conditional-insert.ts'
import { type Condition, whenActive } from './conditions.ts'
import type { Database } from './database.ts'
import { pictureRemovals, pictures, users } from './schema/index.ts'

export type PictureRow = typeof pictures.$inferSelect

/** Finds the picture of a user whose account is active. */
export const findPicture = (db: Database, userId: string): Promise<PictureRow | undefined> =>
  db
    .select(getTableColumns(pictures))
    .from(pictures)
    .innerJoin(users, eq(users.id, pictures.userId))
    .where(and(eq(pictures.userId, userId), whenActive))
    .get()

/** Records that an object is about to be stored, so that it is removed if it never becomes a picture. */
export const stagePicture = (db: Database, key: string, dueAt: number) =>
  db.insert(pictureRemovals).values({ key, dueAt })

/** Holds while a stored object may still become a picture. */
export const whenStaged = (key: string, nowMs: number): Condition =>
  sql`exists (select 1 from picture_removals where key = ${key} and due_at > ${nowMs})`

/** Holds where a user has a picture. */
export const whenHasPicture = (userId: string): Condition =>
  sql`exists (select 1 from pictures where user_id = ${userId})`

/** Makes a staged object the picture of its user. The former one is removed by `removePictureStatement` before. */
export function putPictureStatements(db: Database, row: PictureRow, when: Condition) {
  const { userId: _, ...changes } = row
  return [
    insertWhere(db, pictures, row, when).onConflictDoUpdate({ target: pictures.userId, set: changes }),
    db.delete(pictureRemovals).where(and(eq(pictureRemovals.key, row.key), when)),
  ] as const
}

/** Has the object of a user's picture removed. It stands before the statement that deletes or replaces the row. */
export const removePictureStatement = (db: Database, userId: string, { at, when }: { at: number; when: SQL }) =>
  insertSelect(
    db,
    pictureRemovals,
    { key: sql`key`, dueAt: at },
    sql`from pictures where user_id = ${userId} and ${when}`,
  ).onConflictDoNothing()

export const deletePictureStatement = (db: Database, userId: string, when: Condition) =>
  db.delete(pictures).where(and(eq(pictures.userId, userId), when))

/** Lists the keys of objects that are due to be removed, those that have waited longest first. */
export async function listDueRemovals(db: Database, nowMs: number, limit: number): Promise<string[]> {
  const due = await db
    .select({ key: pictureRemovals.key })
    .from(pictureRemovals)
    .where(lte(pictureRemovals.dueAt, nowMs))
    .orderBy(pictureRemovals.dueAt)
    .limit(limit)
  return due.map(({ key }) => key)
}

/** Forgets objects that are removed. */
export const forgetRemovals = (db: Database, keys: readonly string[]) =>
  db
    .delete(pictureRemovals)
    .where(inArray(pictureRemovals.key, sql`(select value from json_each(${JSON.stringify(keys)}))`))
