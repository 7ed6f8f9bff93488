import { and, eq, type SQL, sql } from 'drizzle-orm'
import { deleteIdentitiesStatement, deleteTokensButResetsStatement } from '../accounts/access-proof.ts'
import { nameColumns } from '../accounts/accounts.ts'
import { insertWhere } from '../conditional-insert.ts'
import { toChangeTime, whenActive, whenAddressIsTaken, whenUserExists } from '../conditions.ts'
import type { Database } from '../database.ts'
import { grantRoleStatement } from '../roles.ts'
import { users } from '../schema/index.ts'
import { endSessionsStatement } from '../sessions/sessions.ts'
import { insertIdentityStatement, type NewIdentity, whenIdentityExists } from './identities.ts'
import { deleteExchangesStatement } from './login-exchanges.ts'

/** An account as it was when a decision about it was made. The statements do nothing once it has changed. */
type Known = { id: string; email: string }

/** Holds where the account still has this address, verified, and nobody but its owner can sign in to it. */
export const whenProven = ({ id, email }: Known): SQL =>
  sql`exists (select 1 from users where id = ${id} and email = ${email} and ${whenActive}
    and email_verified_at is not null and access_proven_at is not null)`

/**
 * Holds where the owner may still claim the account by this identity. Either nobody has verified its address, or nobody
 * has proven whose account it is and the provider runs the mailbox. The identity must not belong to another account.
 */
export const whenClaimable = ({ id, email }: Known, { issuer, subject, isAuthority }: NewIdentity): SQL =>
  sql`exists (select 1 from users where id = ${id} and email = ${email} and ${whenActive}
      and (email_verified_at is null or (access_proven_at is null and ${isAuthority ? 1 : 0})))
    and not exists (select 1 from identities where issuer = ${issuer} and subject = ${subject} and user_id <> ${id})`

const whenIdentityIsKnown = ({ issuer, subject }: NewIdentity) =>
  sql`exists (select 1 from identities where issuer = ${issuer} and subject = ${subject})`

/**
 * Makes an account for an identity that is new, if its address is new too. Either all of the account is made, or
 * nothing is.
 */
export function createFederatedStatements(db: Database, account: typeof users.$inferInsert, identity: NewIdentity) {
  const whenFree = sql`not ${whenAddressIsTaken(account.email)} and not ${whenIdentityIsKnown(identity)}`
  return [
    insertWhere(db, users, { ...account, ...nameColumns(account.name ?? null) }, whenFree),
    insertIdentityStatement(db, identity, whenUserExists(account.id)),
    grantRoleStatement(db, { userId: account.id, role: 'user' }, whenUserExists(account.id)),
  ] as const
}

/**
 * Gives an account that nobody has proven to own to the owner of its address. This removes everything that signed in to
 * it until then: password, sessions, tokens, waiting logins and other identities (pre-hijacking; GHSA-g38m-r43w-p2q7).
 * Statements before these remove the second factors of an account that was never verified. A link to set a password
 * stays, because it went to the mailbox and the provider may be wrong. Afterwards, `whenIdentityExists(identity.id)`
 * says whether the account was claimed.
 */
export function claimAccountStatements(db: Database, account: Known & { name: string | null }, identity: NewIdentity) {
  const whenOpen = whenClaimable(account, identity)
  const whenClaimed = whenIdentityExists(identity.id)
  const at = identity.createdAt
  return {
    ended: endSessionsStatement(db, account.id, { when: whenOpen }),
    identities: deleteIdentitiesStatement(db, account.id, whenOpen),
    identity: insertIdentityStatement(db, identity, whenOpen),
    tokens: deleteTokensButResetsStatement(db, account.id, whenClaimed),
    exchanges: deleteExchangesStatement(db, account.id, whenClaimed),
    account: db
      .update(users)
      .set({
        emailVerifiedAt: sql`coalesce(${users.emailVerifiedAt}, ${at})`,
        accessProvenAt: identity.isAuthority ? at : null,
        passwordHash: null,
        passwordChangedAt: toChangeTime(at),
        ...nameColumns(account.name),
      })
      .where(and(eq(users.id, account.id), whenClaimed)),
  } as const
}
