import { RESET_TOKEN_TTL_SECONDS, VERIFICATION_TOKEN_TTL_SECONDS } from '../../config.ts'
import { personName } from '../../contracts/common.ts'
import { parseEmailAddress } from '../../domain/email-address.ts'
import { Refusal } from '../../errors.ts'
import type { Platform } from '../../platform/platform.ts'
import { describeIdentities } from '../../storage/accounts/access-proof.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import {
  registrationAuditStatements,
  registrationStatements,
  whenSignUpIsRepeated,
} from '../../storage/accounts/registration.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { userIdByEmail, whenUserExists } from '../../storage/conditions.ts'
import {
  claimAccountStatements,
  createFederatedStatements,
  whenClaimable,
  whenProven,
} from '../../storage/federation/accounts.ts'
import {
  findAccountsOf,
  insertIdentityStatement,
  type NewIdentity,
  whenIdentityExists,
  whenOtherThan,
} from '../../storage/federation/identities.ts'
import { bootstrapStatements } from '../accounts/bootstrap-admin.ts'
import { resendVerification } from '../accounts/email-verification.ts'
import { removeUnprovenFactorsStatements } from '../factors/registry.ts'
import { newId, newOneTimeToken } from '../identifiers.ts'
import { loginFacts } from '../login/facts.ts'
import { noticeTo } from '../notices.ts'
import { revokeSessions } from '../sessions/ending.ts'
import { linkedEvent, tellOfLink } from './identities.ts'
import { type Arrival, decideLinking, isMailboxProvider } from './linking-rules.ts'
import { sealProviderTokens } from './provider-tokens.ts'
import { providerNames } from './providers.ts'

type Needs = Pick<Platform, 'db' | 'now' | 'requester' | 'settings' | 'providers' | 'blocklist' | 'announceMails'>

/**
 * A request that loses a race against another one finds the winner's account when it looks again. If it loses more
 * often than this, something else is wrong, and it gives up.
 */
const MAX_ROUNDS = 4

/**
 * Finds the account that somebody from a provider signs in to, and first makes or links it where the rules allow that
 * (`linking-rules.ts`). Every statement depends on what was read before, so of many first logins at once one makes the
 * account and the others find it.
 * @throws {Refusal} `email_required`, `email_not_verified`, `account_exists`, `account_deactivated`.
 */
export async function findOrMakeAccount(deps: Needs, arrival: Arrival): Promise<Account> {
  const { identity } = arrival
  const email = identity.email === null ? null : parseEmailAddress(identity.email)
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const decision = decideLinking({ ...arrival, email, ...(await findAccountsOf(deps.db, identity, email)) })
    switch (decision.action) {
      case 'sign_in':
        return decision.account
      case 'refuse':
        throw new Refusal(decision.code)
      case 'create':
        await createAccount(deps, arrival, decision.email)
        break
      case 'ask_by_mail':
        await askByMail(deps, arrival, decision.email)
        throw new Refusal('email_not_verified', { reason: 'the provider did not verify the address' })
      case 'ask_again':
        await resendVerification(deps, decision.email)
        throw new Refusal('email_not_verified', { reason: 'nobody confirmed the address' })
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

/** Makes the row of an identity that is to be linked. */
export async function toIdentityRow(
  deps: Pick<Platform, 'now' | 'settings'>,
  { provider, identity }: Arrival,
  { userId, how }: Pick<NewIdentity, 'userId' | 'how'>,
): Promise<NewIdentity> {
  const now = deps.now()
  const email = identity.email === null ? null : parseEmailAddress(identity.email)
  return {
    id: newId(),
    userId,
    provider: provider.id,
    issuer: identity.issuer,
    subject: identity.subject,
    email,
    how,
    isAuthority: email !== null && isMailboxProvider(provider, identity, email),
    createdAt: now,
    lastUsedAt: now,
    sealedTokens: await sealProviderTokens(deps.settings, identity),
  }
}

/**
 * Makes an account that is verified, and tells its address, because an issuer can be wrong and the owner of the address
 * may know nothing of the account.
 */
async function createAccount(deps: Needs, arrival: Arrival, email: string): Promise<void> {
  const { db, requester } = deps
  const account = newAccount(deps, arrival, email)
  const identity = await toIdentityRow(deps, arrival, { userId: account.id, how: 'created' })
  const at = account.createdAt
  const when = whenUserExists(account.id)
  const details = { provider: identity.provider }
  const event = { type: 'user.registered', at, ...bySelf(account), details } as const
  const facts = { signIn: describeSignIn(arrival, identity) }
  const notice = noticeTo(deps, account, { kind: 'account_created', at: identity.createdAt, when, facts })
  const bootstrap = bootstrapByProvider(deps, account, identity)
  await inOneBatch(db, {
    account: createFederatedStatements(
      db,
      { ...account, emailVerifiedAt: at, accessProvenAt: identity.isAuthority ? at : null },
      identity,
    ),
    audit: auditStatement(db, event, requester, when),
    notice: notice.statements,
    bootstrap: bootstrap.statements,
  })
  await deps.announceMails([notice.id, ...bootstrap.mailIds])
}

/**
 * Does what a registration does. A new address gets an account that waits for its verification, by a mail that names
 * the provider and the account there; a known address gets a mail that says somebody tried to sign up. The caller
 * cannot tell the two apart, because the provider did not say that the address is theirs: both are refused until the
 * mail was used, even where unverified accounts may log in (ASVS 6.3.8).
 */
async function askByMail(deps: Needs, arrival: Arrival, email: string): Promise<void> {
  const { db, requester } = deps
  const account = newAccount(deps, arrival, email)
  const identity = await toIdentityRow(deps, arrival, { userId: account.id, how: 'asked_by_mail' })
  const now = account.createdAt
  const mailId = newId()
  const token = newOneTimeToken(now, VERIFICATION_TOKEN_TTL_SECONDS)
  const answers = await inOneBatch(db, {
    ...registrationStatements(db, account, {
      mail: {
        id: mailId,
        facts: loginFacts(requester, now),
        providerNames: providerNames(deps),
      },
      token: { ...token, resetExpiresAt: now + RESET_TOKEN_TTL_SECONDS * 1000 },
      identity,
    }),
    factors: removeUnprovenFactorsStatements(db, userIdByEmail(email), whenSignUpIsRepeated(account)),
    audit: registrationAuditStatements(db, { userId: account.id, email, mailId, at: now }, requester),
  })
  await revokeSessions(deps, answers.ended)
  await deps.announceMails([mailId])
}

/**
 * Removes from the account whatever a stranger may have left in it, and tells its owner what that was and how the
 * account can be used now.
 */
async function claimAccount(deps: Needs, arrival: Arrival, account: Account): Promise<void> {
  const { db, requester } = deps
  const identity = await toIdentityRow(deps, arrival, { userId: account.id, how: 'claimed' })
  const name = account.name ?? cleanName(arrival.identity.name)
  const whenOpen = whenClaimable(account, identity)
  const notice = noticeTo(deps, account, {
    kind: 'account_claimed',
    at: identity.createdAt,
    when: whenOpen,
    facts: { signIn: describeSignIn(arrival, identity) },
    found: { dropped: describeIdentities(account.id, providerNames(deps), whenOtherThan(identity)) },
  })
  const event = linkedEvent(account, { provider: identity.provider, how: 'claimed', at: identity.createdAt })
  const bootstrap = bootstrapByProvider(deps, account, identity)
  const { ended } = await inOneBatch(db, {
    notice: notice.statements,
    factors: removeUnprovenFactorsStatements(db, account.id, whenOpen),
    ...claimAccountStatements(db, { ...account, name }, identity),
    audit: auditStatement(db, event, requester, whenIdentityExists(identity.id)),
    bootstrap: bootstrap.statements,
  })
  await revokeSessions(deps, ended)
  await deps.announceMails([notice.id, ...bootstrap.mailIds])
}

async function linkAccount(deps: Needs, arrival: Arrival, account: Account): Promise<void> {
  const { db } = deps
  const identity = await toIdentityRow(deps, arrival, { userId: account.id, how: 'linked' })
  const { audit, notice } = tellOfLink(deps, arrival.provider, account, { identity, how: 'address' })
  await inOneBatch(db, {
    identity: insertIdentityStatement(db, identity, whenProven(account)),
    audit,
    notice: notice.statements,
  })
  await deps.announceMails([notice.id])
}

/**
 * Makes the first admin only for a provider that runs the mailbox. Any other provider may be wrong about who owns the
 * address.
 */
function bootstrapByProvider(
  deps: Needs,
  account: Pick<Account, 'id' | 'email' | 'locale'>,
  { id, isAuthority }: NewIdentity,
) {
  if (!isAuthority) return { mailIds: [], statements: [] }
  return bootstrapStatements(deps, account, { how: 'provider', when: whenIdentityExists(id) })
}

function newAccount(deps: Pick<Platform, 'now' | 'requester'>, { identity }: Arrival, email: string) {
  const { locale } = deps.requester
  return { id: newId(), email, name: cleanName(identity.name), passwordHash: null, locale, createdAt: deps.now() }
}

/** Names the provider and the account there as a mail shows them: "Google (ada@example.com)". */
function describeSignIn({ provider }: Arrival, { email }: NewIdentity): string {
  return email === null ? provider.name : `${provider.name} (${email})`
}

/** Checks a name by the rules of a registration. A name that breaks them is left out rather than repaired. */
function cleanName(name: string | null): string | null {
  return personName().safeParse(name).data ?? null
}
