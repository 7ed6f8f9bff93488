import type { MailKind } from '../../mail/message.ts'
import type { OAuthProvider } from '../../oauth-providers/provider.ts'
import type { Platform } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { auditStatement } from '../../storage/audit.ts'
import { type NewIdentity, whenIdentityExists } from '../../storage/federation/identities.ts'
import { enqueueNoticeStatement } from '../../storage/mail.ts'
import { newId } from '../identifiers.ts'
import { loginFacts } from '../login/facts.ts'

type Needs = Pick<Platform, 'db' | 'now' | 'requester'>
type Recipient = Pick<Account, 'id' | 'email' | 'locale'>

/** Tells an address that a provider made or claimed its account: which provider, and which account there. */
export function accountNotice(
  { requester }: Pick<Needs, 'requester'>,
  { id: userId, email: recipient, locale }: Recipient,
  news: { kind: MailKind; provider: Pick<OAuthProvider, 'name'>; identity: NewIdentity },
) {
  const { kind, provider, identity } = news
  const { createdAt, email } = identity
  const signIn = email === null ? provider.name : `${provider.name} (${email})`
  return {
    id: newId(),
    kind,
    recipient,
    userId,
    locale,
    createdAt,
    details: { ...loginFacts(requester, createdAt), signIn },
  }
}

/**
 * How an identity came to an account that there was: its owner was signed in, or its address said so, or it was
 * claimed.
 */
type LinkedHow = 'signed_in' | 'address' | 'claimed'

export function linkedEvent(userId: string, { provider, how, at }: { provider: string; how: LinkedHow; at: number }) {
  return { type: 'identity.linked', at, actorId: userId, userId, details: { provider, how } } as const
}

/** What the trail and the owner are told of a new link, if it came about. */
export function linkedStatements(
  deps: Needs,
  provider: Pick<OAuthProvider, 'id' | 'name'>,
  account: Recipient,
  { identityId, how }: { identityId: string; how: LinkedHow },
) {
  const { db, requester } = deps
  const at = deps.now()
  const mailId = newId()
  const isLinked = whenIdentityExists(identityId)
  const notice = {
    id: mailId,
    kind: 'factor_added',
    recipient: account.email,
    userId: account.id,
    locale: account.locale,
    createdAt: at,
    details: { ...loginFacts(requester, at), factor: provider.name },
  }
  const statements = [
    auditStatement(db, linkedEvent(account.id, { provider: provider.id, how, at }), requester, isLinked),
    enqueueNoticeStatement(db, notice, isLinked),
  ] as const
  return { mailId, statements }
}
