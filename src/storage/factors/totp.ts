import { and, asc, eq, gt, isNull, ne, type SQL, sql } from 'drizzle-orm'
import type { Condition } from '../conditions.ts'
import type { Database } from '../database.ts'
import { totpSecrets } from '../schema/index.ts'

type TotpSecret = typeof totpSecrets.$inferSelect
/** A secret, and not one that replaced it since it was read. */
type SecretAsRead = Pick<TotpSecret, 'userId' | 'createdAt'>

/** Holds where the account has an authenticator app that logins ask for. */
export const whenTotpIsSet = (userId: string | SQL): Condition =>
  sql`exists (select 1 from totp_secrets where user_id = ${userId} and activated_at is not null)`

/** Holds where this secret waits to be activated. */
export const whenTotpIsPending = ({ userId, createdAt }: SecretAsRead): Condition =>
  sql`exists (select 1 from totp_secrets
    where user_id = ${userId} and created_at = ${createdAt} and activated_at is null)`

export async function findTotpSecret(db: Database, userId: string): Promise<TotpSecret | null> {
  return (await db.select().from(totpSecrets).where(eq(totpSecrets.userId, userId)).get()) ?? null
}

/** Gives an account a secret that waits to be activated, in place of one that waits, and never of an active one. */
export function putPendingTotpStatement(
  db: Database,
  secret: Pick<TotpSecret, 'userId' | 'seals' | 'sealedFor' | 'createdAt'>,
) {
  return db
    .insert(totpSecrets)
    .values(secret)
    .onConflictDoUpdate({
      target: totpSecrets.userId,
      set: { ...secret, createdAt: sql`max(${secret.createdAt}, ${totpSecrets.createdAt} + 1)`, lastStep: 0 },
      setWhere: isNull(totpSecrets.activatedAt),
    })
    .returning({ userId: totpSecrets.userId })
}

/** Holds where this secret was not replaced, and the code of this time step or of a later one was not used. */
export const whenTotpStepIsUnused = ({ userId, createdAt }: SecretAsRead, step: number): Condition =>
  sql`exists (select 1 from totp_secrets
    where user_id = ${userId} and created_at = ${createdAt} and last_step < ${step})`

/** Uses up the code of a time step, and with it those of all earlier ones (RFC 6238 §5.2), if `when` holds. */
export function spendTotpStepStatement(
  db: Database,
  { userId, createdAt }: SecretAsRead,
  step: number,
  when: Condition,
) {
  return db
    .update(totpSecrets)
    .set({ lastStep: step })
    .where(and(eq(totpSecrets.userId, userId), eq(totpSecrets.createdAt, createdAt), when))
}

/** Activates a secret that waits, by the code of a time step, which it uses up. */
export function activateTotpStatement(
  db: Database,
  { userId, createdAt }: SecretAsRead,
  { step, at }: { step: number; at: number },
) {
  return db
    .update(totpSecrets)
    .set({ activatedAt: at, lastStep: step })
    .where(and(eq(totpSecrets.userId, userId), eq(totpSecrets.createdAt, createdAt), isNull(totpSecrets.activatedAt)))
    .returning({ userId: totpSecrets.userId })
}

export function deleteTotpStatement(db: Database, userId: string | SQL, when: Condition) {
  return db.delete(totpSecrets).where(and(eq(totpSecrets.userId, userId), when))
}

/** Lists secrets that are not sealed under exactly these versions, by user, from behind the user `after`. */
export async function listTotpSecretsToReseal(
  db: Database,
  { sealedFor, after, limit }: { sealedFor: string; after: string; limit: number },
): Promise<Pick<TotpSecret, 'userId' | 'seals'>[]> {
  return await db
    .select({ userId: totpSecrets.userId, seals: totpSecrets.seals })
    .from(totpSecrets)
    .where(and(ne(totpSecrets.sealedFor, sealedFor), gt(totpSecrets.userId, after)))
    .orderBy(asc(totpSecrets.userId))
    .limit(limit)
}

/** Replaces the seals of secrets that are still sealed as they were read. One parameter carries all of them. */
export function resealTotpStatement(
  db: Database,
  resealed: readonly { userId: string; seals: string; newSeals: string }[],
  sealedFor: string,
) {
  const rows = sql`json_each(${JSON.stringify(resealed)})`
  const ofThisRow = sql`value ->> 'userId' = ${totpSecrets.userId} and value ->> 'seals' = ${totpSecrets.seals}`
  return db
    .update(totpSecrets)
    .set({ seals: sql`(select value ->> 'newSeals' from ${rows} where ${ofThisRow})`, sealedFor })
    .where(
      sql`(${totpSecrets.userId}, ${totpSecrets.seals}) in (select value ->> 'userId', value ->> 'seals' from ${rows})`,
    )
    .returning({ userId: totpSecrets.userId })
}
