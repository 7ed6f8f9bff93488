import { type SQL, sql } from 'drizzle-orm'
import type { Condition } from '../conditions.ts'

/** Which factors an account has set, in the form in which its profile shows them. It holds none of their secrets. */
export interface FactorState {
  totp: boolean
  passkeys: number
  recoveryCodesLeft: number
}

/** Reads the state of the factors together with each account. Every factor that is stored adds its own member here. */
export const factorState = sql`json_object(
  'totp', json(iif(exists (select 1 from totp_secrets where user_id = users.id and activated_at is not null),
    'true', 'false')),
  'passkeys', (select count(*) from passkeys where user_id = users.id),
  'recoveryCodesLeft', (select count(*) from recovery_codes where user_id = users.id))`
  .mapWith((value: string) => JSON.parse(value) as FactorState)
  .as('factor_state')

/** Holds where a role of the account requires a strong factor. */
export const whenFactorIsRequired = (userId: string | SQL): Condition =>
  sql`exists (select 1 from user_roles join roles on roles.name = user_roles.role
    where user_roles.user_id = ${userId} and roles.mfa_required)`

/**
 * Holds where an account may lose one of its strong factors: it has another one, or none of its roles requires any.
 * Every statement that removes a strong factor at its owner's wish asks this, so that two removals at once leave one.
 */
export const whenStrongFactorMayGo = (userId: string): Condition =>
  sql`(not ${whenFactorIsRequired(userId)} or 1 < (select count(*) from passkeys where user_id = ${userId})
    + (select count(*) from totp_secrets where user_id = ${userId} and activated_at is not null))`

/** Holds where nobody has verified the address of the account and `when` holds. */
export const whenUnverified = (userId: string | SQL, when: Condition): Condition =>
  sql`${when} and exists (select 1 from users where id = ${userId} and email_verified_at is null)`
