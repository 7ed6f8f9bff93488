import { type SQL, sql } from 'drizzle-orm'
import type { AuditType } from '../../domain/audit-events.ts'
import type { Requester } from '../../domain/requester.ts'
import { byStranger } from '../actors.ts'
import { auditOrCountStatements } from '../audit.ts'
import { insertWhere } from '../conditional-insert.ts'
import {
  ownerOfAddress,
  takenUsername,
  userIdByEmail,
  whenActive,
  whenAddressIsTaken,
  whenMailed,
  whenUserExists,
} from '../conditions.ts'
import type { Database } from '../database.ts'
import { insertIdentityStatement, type NewIdentity } from '../federation/identities.ts'
import { deleteExchangesStatement } from '../federation/login-exchanges.ts'
import { enqueueMailStatement, mailTokenStatements } from '../mail.ts'
import { issueTokenStatement, type NewOneTimeToken } from '../one-time-tokens.ts'
import { grantRoleStatement } from '../roles.ts'
import { users } from '../schema/index.ts'
import { endSessionsStatement } from '../sessions/sessions.ts'
import {
  deleteIdentitiesStatement,
  deleteTokensButResetsStatement,
  describeIdentities,
  dropPasswordStatement,
  factsWith,
} from './access-proof.ts'
import { nameColumns } from './accounts.ts'

/** Holds where somebody has signed up with the address before, and nobody has confirmed it. */
export const whenSignUpIsRepeated = ({ id, email }: { id: string; email: string }): SQL =>
  sql`exists (select 1 from users where email = ${email} and id <> ${id}
    and email_verified_at is null and ${whenActive})`

/**
 * Makes the account, its role, the identity it comes by, its verification token, and the mail, which says what a click
 * confirms. Where the address has an account already, the same statements prepare a mail that says so, with a token to
 * set a new password. If nobody has confirmed that account, it then loses everything that signs in to it, because two
 * people signed up with one address and nobody knows which of them has the mailbox. Where an account has given the
 * address up and may still take it back, nothing is made, and the mail says so. If the username is taken, the batch
 * fails.
 */
export function registrationStatements(
  db: Database,
  account: typeof users.$inferInsert & { locale: string },
  {
    mail,
    token,
    identity,
  }: {
    mail: { id: string; facts: Record<string, string>; providerNames: ReadonlyMap<string, string> }
    token: NewOneTimeToken & { resetExpiresAt: number }
    identity: NewIdentity | null
  },
) {
  const { resetExpiresAt, ...verification } = token
  const { email, createdAt } = account
  const whenNew = whenUserExists(account.id)
  const userId = userIdByEmail(email)
  const taken = takenUsername(account.username ?? account.usernameWish ?? null)
  const whenRepeated = whenSignUpIsRepeated(account)
  const identities = describeIdentities(userId, mail.providerNames)
  const details = sql`case when ${whenNew} then ${factsWith(mail.facts, { signIn: identities })}
    when ${whenRepeated} then ${factsWith({ unconfirmed: 'yes' }, { dropped: identities })} else '{}' end`
  return {
    ended: endSessionsStatement(db, userId, { when: whenRepeated }),
    account: insertWhere(
      db,
      users,
      { ...account, ...nameColumns(account.name ?? null), username: account.username ?? taken },
      sql`not ${whenAddressIsTaken(email)} or ${taken} is not null`,
    ),
    role: grantRoleStatement(db, { userId: account.id, role: 'user' }, whenNew),
    identity: identity && insertIdentityStatement(db, identity, whenNew),
    token: issueTokenStatement(
      db,
      {
        ...verification,
        expiresAt: sql`case when ${whenNew} then ${verification.expiresAt} else ${resetExpiresAt} end`,
        purpose: sql`case when ${whenNew} then 'verify_email' else 'reset_password' end`,
      },
      { email },
    ),
    mail: mailTokenStatements(db, {
      id: mail.id,
      kind: sql`case when ${whenNew} then 'verify_email' else 'already_registered' end`,
      locale: account.locale,
      tokenId: token.id,
      createdAt,
      details,
    }),
    reserved: enqueueMailStatement(
      db,
      {
        id: mail.id,
        kind: 'address_reserved',
        recipient: email,
        userId: ownerOfAddress(email),
        locale: account.locale,
        createdAt,
      },
      sql`${userId} is null`,
    ),
    dropped: [
      deleteIdentitiesStatement(db, userId, whenRepeated),
      deleteTokensButResetsStatement(db, userId, whenRepeated),
      deleteExchangesStatement(db, userId, whenRepeated),
      dropPasswordStatement(db, userId, { at: createdAt, when: whenRepeated }),
    ],
  } as const
}

/**
 * Records a registration in the audit trail, by the same statements for a new address and for one that has an account.
 * If no mail leaves, because the address has had all its mails for the hour, a repeated registration is only counted:
 * anybody can repeat it for ever.
 */
export function registrationAuditStatements(
  db: Database,
  registration: { userId: string; email: string; mailId: string; at: number },
  requester: Requester,
) {
  const { userId, email, mailId, at } = registration
  const whenNew = whenUserExists(userId)
  const type = sql<AuditType>`case when ${whenNew} then 'user.registered' else 'user.registration_repeated' end`
  const event = { type, at, ...byStranger({ id: ownerOfAddress(email) }) }
  return auditOrCountStatements(db, event, requester, sql`${whenNew} or ${whenMailed(mailId)}`)
}
