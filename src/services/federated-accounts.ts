import {
  MAIL_MAX_PER_KIND_AND_HOUR,
  MAIL_NOTICE_LIMITS,
  RESET_TOKEN_TTL_SECONDS,
  VERIFICATION_TOKEN_TTL_SECONDS,
} from '../config.ts'
import { Name } from '../contracts/common.ts'
import { parseEmailAddress } from '../contracts/email-address.ts'
import { AuthError } from '../errors.ts'
import type { OAuthProvider, ProviderIdentity } from '../oauth-providers/provider.ts'
import type { Platform } from '../platform/compose.ts'
import type { Account } from '../storage/accounts.ts'
import { auditStatement } from '../storage/audit-events.ts'
import { userExists } from '../storage/conditions.ts'
import { claimAccountStatements, createFederatedStatements, isVerified } from '../storage/federated-accounts.ts'
import { findAccountsOf, identityExists, insertIdentityStatement, type NewIdentity } from '../storage/identities.ts'
import { enqueueNoticeStatement } from '../storage/outbox.ts'
import { registrationAudit, registrationStatements } from '../storage/registration.ts'
import { resendVerification } from './email-verification.ts'
import { newId, newOneTimeToken } from './identifiers.ts'
import { decideLinking } from './linking-rules.ts'
import { loginFacts } from './login-facts.ts'
import { sealProviderTokens } from './provider-tokens.ts'
import { revokeSessions } from './session-ending.ts'

type Needs = Pick<Platform, 'db' | 'now' | 'client' | 'settings' | 'blocklist' | 'announceMails'>

/** Somebody who proved at a provider who they are. */
export interface Arrival {
  provider: OAuthProvider
  identity: ProviderIdentity
}

/** Whoever loses a race against itself finds, on looking again, what the winner made; more rounds than this are no race. */
const MAX_ROUNDS = 4

/**
 * The account that somebody from a provider signs in to, made or linked first where the rules allow it (`linking-rules.ts`).
 * Every statement depends on what was read, so of many first logins at once one makes the account and the others find it.
 * @throws {AuthError} `email_required`, `email_not_verified`, `account_exists`, `account_deactivated`.
 */
export async function findOrMakeAccount(deps: Needs, arrival: Arrival): Promise<Account> {
  const { provider, identity } = arrival
  const email = identity.email === null ? null : parseEmailAddress(identity.email)
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const decision = decideLinking({
      provider,
      identity,
      email,
      ...(await findAccountsOf(deps.db, identity, email)),
    })
    switch (decision.action) {
      case 'sign_in':
        return decision.account
      case 'refuse':
        throw new AuthError(decision.code)
      case 'create':
        await createAccount(deps, arrival, decision.email)
        break
      case 'ask_by_mail':
        await askByMail(deps, arrival, decision.email)
        throw new AuthError('email_not_verified', { reason: 'the provider did not verify the address' })
      case 'ask_again':
        await resendVerification(deps, decision.email)
        throw new AuthError('email_not_verified', { reason: 'nobody confirmed the address' })
      case 'claim':
        await claimAccount(deps, arrival, decision.account)
        break
      case 'link':
        await linkAccount(deps, arrival, decision.account)
        break
    }
  }
  throw new Error('the account changed at each look')
}

/** The row of an identity that is to be linked. */
export async function toIdentityRow(
  deps: Pick<Platform, 'now' | 'settings'>,
  { provider, identity }: Arrival,
  userId: string,
): Promise<NewIdentity> {
  const now = deps.now()
  return {
    id: newId(),
    userId,
    provider: provider.id,
    issuer: identity.issuer,
    subject: identity.subject,
    email: identity.email === null ? null : parseEmailAddress(identity.email),
    createdAt: now,
    lastUsedAt: now,
    sealedTokens: await sealProviderTokens(deps.settings, identity),
  }
}

async function createAccount(deps: Needs, arrival: Arrival, email: string): Promise<void> {
  const { db, client } = deps
  const account = newAccount(deps, arrival, email)
  const identity = await toIdentityRow(deps, arrival, account.id)
  const roles = ['user', ...adminRole(deps, email)]
  const event = {
    type: 'user.registered',
    at: account.createdAt,
    actorId: account.id,
    userId: account.id,
    details: { provider: identity.provider },
  } as const
  await db.batch([
    ...createFederatedStatements(db, { ...account, emailVerifiedAt: account.createdAt }, identity, roles),
    auditStatement(db, event, client, userExists(account.id)),
  ])
}

/**
 * Does what a registration does: a new address gets an account that waits for its verification, a known one a mail that says so. The
 * caller cannot tell, because the provider did not say that the address is theirs: they are refused in both cases, until the mail was used,
 * also where unverified accounts may log in (ASVS 6.3.8).
 */
async function askByMail(deps: Needs, arrival: Arrival, email: string): Promise<void> {
  const { db, client } = deps
  const account = newAccount(deps, arrival, email)
  const identity = await toIdentityRow(deps, arrival, account.id)
  const now = account.createdAt
  const mailId = newId()
  const token = newOneTimeToken(now, VERIFICATION_TOKEN_TTL_SECONDS)
  const registration = registrationStatements(
    db,
    account,
    { id: mailId, maxPerHour: MAIL_MAX_PER_KIND_AND_HOUR },
    { ...token, resetExpiresAt: now + RESET_TOKEN_TTL_SECONDS * 1000 },
  )
  await db.batch([
    ...registration,
    insertIdentityStatement(db, identity, userExists(account.id)),
    auditStatement(db, { ...registrationAudit(account.id, email), at: now }, client),
  ])
  await deps.announceMails([mailId])
}

/** The account loses whatever a stranger may have left in it, and its owner is told that it can be used this way now. */
async function claimAccount(deps: Needs, arrival: Arrival, account: Account): Promise<void> {
  const { db } = deps
  const identity = await toIdentityRow(deps, arrival, account.id)
  const roles = adminRole(deps, account.email)
  const name = account.name ?? cleanName(arrival.identity.name)
  const told = linkedStatements(deps, arrival.provider, account, { identityId: identity.id, how: 'claimed' })
  const [ended] = await db.batch([
    ...claimAccountStatements(db, { ...account, name }, identity, { roles, at: identity.createdAt }),
    ...told.statements,
  ])
  await revokeSessions(
    deps,
    ended.map(({ id }) => id),
  )
  await deps.announceMails([told.mailId])
}

async function linkAccount(deps: Needs, arrival: Arrival, account: Account): Promise<void> {
  const { db } = deps
  const identity = await toIdentityRow(deps, arrival, account.id)
  const told = linkedStatements(deps, arrival.provider, account, { identityId: identity.id, how: 'address' })
  await db.batch([insertIdentityStatement(db, identity, isVerified(account)), ...told.statements])
  await deps.announceMails([told.mailId])
}

/** What the trail and the owner are told of a new link, if it came about: `how` is `signed_in`, `address` or `claimed`. */
export function linkedStatements(
  deps: Pick<Platform, 'db' | 'now' | 'client'>,
  provider: Pick<OAuthProvider, 'id' | 'name'>,
  account: Account,
  { identityId, how }: { identityId: string; how: 'signed_in' | 'address' | 'claimed' },
) {
  const { db, client } = deps
  const now = deps.now()
  const mailId = newId()
  const isLinked = identityExists(identityId)
  const event = {
    type: 'identity.linked',
    at: now,
    actorId: account.id,
    userId: account.id,
    details: { provider: provider.id, how },
  } as const
  const notice = {
    id: mailId,
    kind: 'factor_added',
    recipient: account.email,
    userId: account.id,
    locale: account.locale,
    createdAt: now,
    details: { ...loginFacts(client, now), factor: provider.name },
  }
  const statements = [
    auditStatement(db, event, client, isLinked),
    enqueueNoticeStatement(db, notice, isLinked, MAIL_NOTICE_LIMITS),
  ] as const
  return { mailId, statements }
}

function newAccount(deps: Pick<Platform, 'now' | 'client'>, { identity }: Arrival, email: string) {
  const { locale } = deps.client
  return { id: newId(), email, name: cleanName(identity.name), passwordHash: null, locale, createdAt: deps.now() }
}

/** A name by the rules of a registration; one that breaks them is left out rather than repaired. */
function cleanName(name: string | null): string | null {
  return Name.safeParse(name).data ?? null
}

/** An address that the deployment named makes its account an admin, as soon as it is verified. */
function adminRole({ settings }: Pick<Platform, 'settings'>, email: string): string[] {
  return email === settings.bootstrapAdminEmail ? ['admin'] : []
}
