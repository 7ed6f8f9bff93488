import { and, eq, type SQL, sql } from 'drizzle-orm'
import { grantRoleStatement } from './accounts.ts'
import { insertWhere } from './conditional-insert.ts'
import { addressIsTaken, userExists } from './conditions.ts'
import type { Database } from './database.ts'
import { deleteIdentitiesStatement, identityExists, insertIdentityStatement, type NewIdentity } from './identities.ts'
import { deleteTokensStatement } from './one-time-tokens.ts'
import { loginExchanges, users } from './schema/index.ts'
import { endSessionsStatement } from './sessions.ts'

/** An account as it was when a decision about it was made; the statements do nothing once it has changed. */
type Known = { id: string; email: string }

const isUnverified = ({ id, email }: Known) =>
  sql`exists (select 1 from users where id = ${id} and email = ${email} and email_verified_at is null and status = 'active')`

/** The account is still the verified one with this address. */
export const isVerified = ({ id, email }: Known): SQL =>
  sql`exists (select 1 from users where id = ${id} and email = ${email} and email_verified_at is not null and status = 'active')`

const isLinkedElsewhere = ({ userId, issuer, subject }: NewIdentity) =>
  sql`exists (select 1 from identities where issuer = ${issuer} and subject = ${subject} and user_id <> ${userId})`

/** Makes an account for an identity that is new, if its address is new too. The account exists afterwards, or nothing does. */
export function createFederatedStatements(
  db: Database,
  account: typeof users.$inferInsert,
  identity: NewIdentity,
  roles: readonly string[],
) {
  const isFree = sql`not ${addressIsTaken(account.email)}`
  return [
    insertWhere(db, users, account, sql`${isFree} and not ${isLinkedElsewhere(identity)}`),
    insertIdentityStatement(db, identity, userExists(account.id)),
    ...roles.map((role) => grantRoleStatement(db, role, sql`(select id from users where id = ${account.id})`)),
  ] as const
}

/**
 * Gives an account that nobody proved to own to the owner of its address. Whatever signs in to it by then dies: password, sessions,
 * tokens, waiting logins, other identities, second factor (pre-hijacking; GHSA-g38m-r43w-p2q7). `identityExists(identity.id)` says
 * afterwards whether it came about.
 */
export function claimAccountStatements(
  db: Database,
  account: Known & { name: string | null },
  identity: NewIdentity,
  { roles, at }: { roles: readonly string[]; at: number },
) {
  const isOpen = sql`${isUnverified(account)} and not ${isLinkedElsewhere(identity)}`
  const isClaimed = identityExists(identity.id)
  return [
    endSessionsStatement(db, account.id, { when: isOpen }),
    deleteIdentitiesStatement(db, account.id, isOpen),
    insertIdentityStatement(db, identity, isOpen),
    deleteTokensStatement(db, account.id, isClaimed),
    db.delete(loginExchanges).where(and(eq(loginExchanges.userId, account.id), isClaimed)),
    db
      .update(users)
      .set({ emailVerifiedAt: at, passwordHash: null, totpActivatedAt: null, name: account.name })
      .where(and(eq(users.id, account.id), isClaimed)),
    ...roles.map((role) =>
      grantRoleStatement(db, role, sql`(select id from users where id = ${account.id} and ${isClaimed})`),
    ),
  ] as const
}
