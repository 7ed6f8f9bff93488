import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Condition } from './conditions.ts'
import type { Database } from './database.ts'
import { users } from './schema/index.ts'

/** Which factors an account has set, in the form in which its profile shows them. It holds none of their secrets. */
export interface FactorState {
  totp: boolean
  passkeys: number
  recoveryCodesLeft: number
}

/** Reads the state of the factors together with each account. Every factor that is stored adds its own member here. */
export const factorState = sql`json_object(
  'totp', json(case when users.totp_activated_at is null then 'false' else 'true' end),
  'passkeys', 0,
  'recoveryCodesLeft', 0)`
  .mapWith((value: string) => JSON.parse(value) as FactorState)
  .as('factor_state')

/** Holds where nobody has verified the address of the account and `when` holds. */
export const whenUnverified = (userId: string | SQL, when: Condition): Condition =>
  sql`${when} and exists (select 1 from users where id = ${userId} and email_verified_at is null)`

/** Makes the logins of an account ask for no second factor, if `when` holds. */
export function clearSecondFactorStatement(db: Database, userId: string | SQL, when: Condition) {
  return db
    .update(users)
    .set({ totpActivatedAt: null })
    .where(and(eq(users.id, userId), when))
}
