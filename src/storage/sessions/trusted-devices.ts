import { and, eq, lte, type SQL, sql } from 'drizzle-orm'
import { insertWhere } from '../conditional-insert.ts'
import { type Condition, credentialsVersion } from '../conditions.ts'
import { type Database, deleteSome } from '../database.ts'
import { trustedDevices } from '../schema/index.ts'

/** A device by the hash of its id, and the user whom its token was made for. */
interface UserDevice {
  id: string | SQL
  userId: string | SQL
}

/**
 * Holds for the trust in a device while nothing that opens the account has changed since: a new password, address or
 * factor ends every trust by itself. How long ago it was given is for the caller to judge.
 */
export const whenTrustCounts = ({ id, userId }: UserDevice): Condition =>
  sql`trusted_devices.id = ${id} and trusted_devices.user_id = ${userId} and trusted_devices.credentials_version =
    (select ${credentialsVersion} from users where users.id = trusted_devices.user_id)`

/** Holds where a device is trusted. */
export const whenDeviceIsTrusted = (device: UserDevice): Condition =>
  sql`exists (select 1 from trusted_devices where ${whenTrustCounts(device)})`

/** Trusts a device from now on, if `when` holds. */
export function trustDeviceStatement(
  db: Database,
  { id, userId, userAgent, at }: { id: string; userId: string; userAgent: string | null; at: number },
  when: Condition,
) {
  const version = sql`(select ${credentialsVersion} from users where users.id = ${userId})`
  const trust = { credentialsVersion: version, userAgent, createdAt: at }
  return insertWhere(db, trustedDevices, { ...trust, id, userId }, when).onConflictDoUpdate({
    target: trustedDevices.id,
    set: trust,
    setWhere: eq(trustedDevices.userId, userId),
  })
}

/** Tells when a device was trusted; null where it is not. */
export async function findTrust(db: Database, device: UserDevice): Promise<number | null> {
  const row = await db
    .select({ createdAt: trustedDevices.createdAt })
    .from(trustedDevices)
    .where(whenTrustCounts(device))
    .get()
  return row?.createdAt ?? null
}

/** Ends the trust in every device of a user, if `when` holds. */
export function forgetDevicesStatement(db: Database, userId: string, when: SQL = sql`true`) {
  return db.delete(trustedDevices).where(and(eq(trustedDevices.userId, userId), when))
}

/** Ends the trust in the device of a session. It comes before the statement that ends the session. */
export function forgetSessionDeviceStatement(db: Database, session: { id: string; userId: string }) {
  const device = sql`(select device from sessions where id = ${session.id} and user_id = ${session.userId})`
  return db.delete(trustedDevices).where(and(eq(trustedDevices.id, device), eq(trustedDevices.userId, session.userId)))
}

/** Deletes some of the trusts that were given before a time and answers how many they were. */
export function deleteOldTrusts(db: Database, givenUntil: number, limit: number): Promise<number> {
  return deleteSome(db, trustedDevices, lte(trustedDevices.createdAt, givenUntil), limit)
}
