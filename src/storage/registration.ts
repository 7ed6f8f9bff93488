import { sql } from 'drizzle-orm'
import { grantRoleStatement } from './accounts.ts'
import { insertWhere } from './conditional-insert.ts'
import { addressIsTaken, takenUsername, userExists, userIdByEmail } from './conditions.ts'
import type { Database } from './database.ts'
import { issueTokenStatement, type NewOneTimeToken } from './one-time-tokens.ts'
import { mailTokenStatements } from './outbox.ts'
import { users } from './schema/index.ts'

/**
 * Makes the account, its role, its verification token and the mail; where the address has an account already, the same
 * statements leave it as it is and prepare a mail that says so, with a token to set a new password. A taken
 * username fails the batch in both cases: the row is inserted then with that very username, which is unique.
 */
export function registrationStatements(
  db: Database,
  account: typeof users.$inferInsert & { locale: string },
  mail: { id: string; maxPerHour: number },
  token: NewOneTimeToken & { resetExpiresAt: number },
) {
  const { resetExpiresAt, ...verification } = token
  const isNew = userExists(account.id)
  const taken = takenUsername(account.username ?? account.usernameWish ?? null)
  return [
    insertWhere(
      db,
      users,
      { ...account, username: account.username ?? taken },
      sql`not ${addressIsTaken(account.email)} or ${taken} is not null`,
    ),
    grantRoleStatement(db, 'user', sql`(select id from users where id = ${account.id})`),
    issueTokenStatement(
      db,
      {
        ...verification,
        expiresAt: sql`case when ${isNew} then ${verification.expiresAt} else ${resetExpiresAt} end`,
        purpose: sql`case when ${isNew} then 'verify_email' else 'reset_password' end`,
      },
      { email: account.email },
    ),
    ...mailTokenStatements(
      db,
      {
        id: mail.id,
        kind: sql`case when ${isNew} then 'verify_email' else 'already_registered' end`,
        locale: account.locale,
        tokenId: token.id,
        createdAt: account.createdAt,
      },
      mail.maxPerHour,
    ),
  ] as const
}

/** What the trail says of a registration: the same row for a new address and for one that is known. */
export const registrationAudit = (userId: string, email: string) => ({
  type: sql`case when ${userExists(userId)} then 'user.registered' else 'user.registration_repeated' end`,
  userId: userIdByEmail(email),
})
