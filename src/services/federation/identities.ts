import * as z from 'zod'
import { onDemand } from '../../domain/on-demand.ts'
import { Refusal } from '../../errors.ts'
import type { OAuthProvider } from '../../oauth-providers/provider.ts'
import type { Platform } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenSessionExists } from '../../storage/conditions.ts'
import {
  findAccountsOf,
  insertIdentityStatement,
  type NewIdentity,
  unlinkStatement,
  whenIdentityExists,
  whenOtherWayIn,
} from '../../storage/federation/identities.ts'
import { factorsThatOpenAlone } from '../factors/registry.ts'
import { noticeTo } from '../notices.ts'
import { readLiveSession } from '../sessions/live-sessions.ts'

type Needs = Pick<Platform, 'db' | 'now' | 'requester' | 'settings' | 'providers' | 'announceMails'>

/**
 * An identity that somebody has proven, and that waits to be linked to the account of the session that asked for it.
 */
export interface WaitingLink {
  identity: NewIdentity
  sessionId: string
}
export const WaitingLink: z.ZodType<WaitingLink> = onDemand(() =>
  z.object({
    identity: z.object({
      id: z.string(),
      userId: z.string(),
      provider: z.string(),
      issuer: z.string(),
      subject: z.string(),
      email: z.string().nullable(),
      how: z.literal('linked'),
      isAuthority: z.boolean(),
      createdAt: z.number(),
      lastUsedAt: z.number(),
      sealedTokens: z.string().nullable(),
    }),
    sessionId: z.string(),
  }),
)

/**
 * Links an identity to the account of a session that still lives, and tells the account's owner. Addresses play no
 * part. Nothing changes when the identity is linked to this account already.
 * @throws {Refusal} `unauthenticated`, `identity_taken`, `provider_already_linked`.
 */
export async function linkIdentity(deps: Needs, { identity, sessionId }: WaitingLink): Promise<Account> {
  const { db } = deps
  const live = await readLiveSession(deps, sessionId)
  if (live?.account.id !== identity.userId) throw new Refusal('unauthenticated', { reason: 'session ended' })
  const { account } = live
  const provider = toProvider(deps, identity.provider)
  const now = deps.now()
  const linkedNow = { ...identity, createdAt: now, lastUsedAt: now }
  const { audit, notice } = tellOfLink(deps, provider, account, { identity: linkedNow, how: 'signed_in' })
  const { linked } = await inOneBatch(db, {
    linked: insertIdentityStatement(db, linkedNow, whenSessionExists(sessionId)),
    audit,
    notice: notice.statements,
  })
  if (linked.meta.changes === 0) return await explainRefusal(deps, identity, account)
  await deps.announceMails([notice.id])
  return { ...account, providers: [...account.providers, identity.provider].sort() }
}

/**
 * Unlinks a provider from the caller's account, and tells its owner. The last way to sign in is never removed, not even
 * when two providers are unlinked at once. A password counts as a way to sign in, and so do any other provider that is
 * still configured and a factor that opens the account alone.
 * @throws {Refusal} `last_login_method`; `not_found` when it is not linked.
 */
export async function unlinkProvider(deps: Needs, account: Account, providerId: string): Promise<void> {
  const { db, requester } = deps
  const now = deps.now()
  const whenAllowed = whenOtherWayIn(
    { userId: account.id, provider: providerId },
    { configured: [...deps.providers.keys()], otherWays: factorsThatOpenAlone(account.id) },
  )
  const event = { type: 'identity.unlinked', at: now, ...bySelf(account), details: { provider: providerId } } as const
  const facts = { factor: toProvider(deps, providerId).name }
  const notice = noticeTo(deps, account, { kind: 'factor_removed', at: now, when: whenAllowed, facts })
  const { unlinked } = await inOneBatch(db, {
    audit: auditStatement(db, event, requester, whenAllowed),
    notice: notice.statements,
    unlinked: unlinkStatement(db, account.id, providerId, whenAllowed),
  })
  if (unlinked.length === 0) {
    const isLinked = account.providers.includes(providerId)
    throw new Refusal(isLinked ? 'last_login_method' : 'not_found', { reason: 'not unlinked' })
  }
  await deps.announceMails([notice.id])
}

/**
 * How an identity came to be linked to an existing account: the owner was signed in, the provider vouched for the
 * address, or the owner of the address claimed the account.
 */
type LinkedHow = 'signed_in' | 'address' | 'claimed'

export function linkedEvent(account: Pick<Account, 'id'>, link: { provider: string; how: LinkedHow; at: number }) {
  const { provider, how, at } = link
  return { type: 'identity.linked', at, ...bySelf(account), details: { provider, how } } as const
}

/** Tells the audit trail and the owner of a new link, if the link was made. */
export function tellOfLink(
  deps: Pick<Platform, 'db' | 'now' | 'requester'>,
  provider: Pick<OAuthProvider, 'id' | 'name'>,
  account: Pick<Account, 'id' | 'email' | 'locale'>,
  { identity, how }: { identity: Pick<NewIdentity, 'id' | 'createdAt'>; how: LinkedHow },
) {
  const at = identity.createdAt
  const when = whenIdentityExists(identity.id)
  const event = linkedEvent(account, { provider: provider.id, how, at })
  return {
    audit: auditStatement(deps.db, event, deps.requester, when),
    notice: noticeTo(deps, account, { kind: 'factor_added', at, when, facts: { factor: provider.name } }),
  }
}

/** Explains why nothing was linked. Where the identity is linked to this account already, it answers the account. */
async function explainRefusal(deps: Needs, identity: NewIdentity, account: Account): Promise<Account> {
  const { owner } = await findAccountsOf(deps.db, identity, null)
  if (owner?.id === account.id) return owner
  if (owner) throw new Refusal('identity_taken')
  if (account.providers.includes(identity.provider)) throw new Refusal('provider_already_linked')
  throw new Refusal('unauthenticated', { reason: 'session ended' })
}

/** Names a provider by its id where it is no longer configured. */
function toProvider({ providers }: Pick<Platform, 'providers'>, id: string) {
  return { id, name: providers.get(id)?.name ?? id }
}
