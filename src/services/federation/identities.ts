import { z } from 'zod'
import { Refusal } from '../../errors.ts'
import type { Platform } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { auditStatement } from '../../storage/audit.ts'
import { whenSessionExists } from '../../storage/conditions.ts'
import {
  findAccountsOf,
  insertIdentityStatement,
  type NewIdentity,
  unlinkStatement,
  whenOtherWayIn,
} from '../../storage/federation/identities.ts'
import { enqueueNoticeStatement } from '../../storage/mail.ts'
import { factorsThatOpenAlone } from '../factors/registry.ts'
import { newId } from '../identifiers.ts'
import { loginFacts } from '../login/facts.ts'
import { readLiveSession } from '../sessions/live-sessions.ts'
import { linkedStatements } from './news.ts'

type Needs = Pick<Platform, 'db' | 'now' | 'requester' | 'settings' | 'providers' | 'announceMails'>

/** An identity that somebody proved, on its way to the account of the session that asked for it. */
export interface WaitingLink {
  identity: NewIdentity
  sessionId: string
}
export const WaitingLink: z.ZodType<WaitingLink> = z.object({
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
})

/**
 * Links an identity to the account of a session that still lives, and tells its owner. Addresses play no part. Linking
 * what is linked already changes nothing.
 * @throws {Refusal} `unauthenticated`, `identity_taken`, `provider_already_linked`.
 */
export async function linkIdentity(deps: Needs, { identity, sessionId }: WaitingLink): Promise<Account> {
  const { db } = deps
  const live = await readLiveSession(deps, sessionId)
  if (live?.account.id !== identity.userId) throw new Refusal('unauthenticated', { reason: 'session ended' })
  const { account } = live
  const told = linkedStatements(deps, toProvider(deps, identity.provider), account, {
    identityId: identity.id,
    how: 'signed_in',
  })
  const [linked] = await db.batch([
    insertIdentityStatement(db, identity, whenSessionExists(sessionId)),
    ...told.statements,
  ])
  if (linked.meta.changes === 0) return await explainRefusal(deps, identity, account)
  await deps.announceMails([told.mailId])
  return { ...account, providers: [...account.providers, identity.provider].sort() }
}

/**
 * Unlinks a provider from the caller's account, and tells them. Never takes the last way in, also not when two are
 * unlinked at once: a password counts, any other provider that is still configured, and a factor that opens the account
 * alone.
 * @throws {Refusal} `last_login_method`; `not_found` when it is not linked.
 */
export async function unlinkProvider(deps: Needs, account: Account, providerId: string): Promise<void> {
  const { db, requester } = deps
  const now = deps.now()
  const mailId = newId()
  const isAllowed = whenOtherWayIn(
    { userId: account.id, provider: providerId },
    { configured: [...deps.providers.keys()], otherWays: factorsThatOpenAlone(account.id) },
  )
  const event = {
    type: 'identity.unlinked',
    at: now,
    actorId: account.id,
    userId: account.id,
    details: { provider: providerId },
  } as const
  const notice = {
    id: mailId,
    kind: 'factor_removed',
    recipient: account.email,
    userId: account.id,
    locale: account.locale,
    createdAt: now,
    details: { ...loginFacts(requester, now), factor: toProvider(deps, providerId).name },
  }
  const [, , unlinked] = await db.batch([
    auditStatement(db, event, requester, isAllowed),
    enqueueNoticeStatement(db, notice, isAllowed),
    unlinkStatement(db, account.id, providerId, isAllowed),
  ])
  if (unlinked.length === 0) {
    const isLinked = account.providers.includes(providerId)
    throw new Refusal(isLinked ? 'last_login_method' : 'not_found', { reason: 'not unlinked' })
  }
  await deps.announceMails([mailId])
}

/** Why nothing was linked; nothing needs an explanation where it is linked to this account already. */
async function explainRefusal(deps: Needs, identity: NewIdentity, account: Account): Promise<Account> {
  const { owner } = await findAccountsOf(deps.db, identity, null)
  if (owner?.id === account.id) return owner
  if (owner) throw new Refusal('identity_taken')
  if (account.providers.includes(identity.provider)) throw new Refusal('provider_already_linked')
  throw new Refusal('unauthenticated', { reason: 'session ended' })
}

/** A provider that is configured no more is still called by its id. */
function toProvider({ providers }: Pick<Platform, 'providers'>, id: string) {
  return { id, name: providers.get(id)?.name ?? id }
}
