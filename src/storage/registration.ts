import { sql } from 'drizzle-orm'
import { grantRoleStatement } from './accounts.ts'
import { auditOrCountStatements, type Origin } from './audit-events.ts'
import { insertWhere } from './conditional-insert.ts'
import { addressIsTaken, userExists, userIdByEmail, whenMailed } from './conditions.ts'
import type { Database } from './database.ts'
import { issueTokenStatement, type NewOneTimeToken } from './one-time-tokens.ts'
import { mailTokenStatements } from './outbox.ts'
import { users } from './schema/index.ts'

/**
 * Makes the account, its role, its verification token and the mail; where the address has an account already, the same
 * statements leave it as it is and prepare a mail that says so, with a token to set a new password. A taken username fails the batch.
 */
export function registrationStatements(
  db: Database,
  account: typeof users.$inferInsert & { locale: string },
  mail: { id: string; maxPerHour: number },
  token: NewOneTimeToken & { resetExpiresAt: number },
) {
  const { resetExpiresAt, ...verification } = token
  const isNew = userExists(account.id)
  return [
    insertWhere(db, users, account, sql`not ${addressIsTaken(account.email)}`),
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

/**
 * What the trail says of a registration: the same statements for a new address and for one that is known. Of a repeated one that is
 * told to nobody, because the address has had its mails, only the number is kept: anybody can repeat it for ever.
 */
export function registrationAuditStatements(
  db: Database,
  registration: { userId: string; email: string; mailId: string; at: number },
  origin: Origin,
) {
  const { userId, email, mailId, at } = registration
  const isNew = userExists(userId)
  const type = sql`case when ${isNew} then 'user.registered' else 'user.registration_repeated' end`
  const event = { type, at, userId: userIdByEmail(email) }
  return auditOrCountStatements(db, event, origin, sql`${isNew} or ${whenMailed(mailId)}`)
}
