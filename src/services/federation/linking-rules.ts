import { isAuthoritativeFor } from '../../oauth-providers/email-authority.ts'
import type { OAuthProvider, ProviderIdentity } from '../../oauth-providers/provider.ts'
import type { Account } from '../../storage/accounts/accounts.ts'

/** A person who proved at a provider who they are. */
export interface Arrival {
  provider: OAuthProvider
  identity: ProviderIdentity
}

/** What the database says about the accounts of somebody who arrives from a provider. */
interface ArrivalWithAccounts extends Arrival {
  /**
   * The address that the provider sent, in canonical form; null where it sent none, or none that could be an address.
   */
  email: string | null
  /** The account this identity is linked to. */
  owner: Account | null
  /** The account that has the address. */
  namesake: Account | null
  /** It is true where another account gave the address up and may still take it back. */
  isReserved: boolean
}

export type LinkingDecision =
  /** The identity is linked, so its account signs in. */
  | { action: 'sign_in'; account: Account }
  /**
   * The identity is linked, but neither its provider nor anybody else has proven the account's address, so a mail to
   * that address decides.
   */
  | { action: 'ask_again'; email: string }
  /** Nobody has the address, and the provider verified it, so a new account is made. */
  | { action: 'create'; email: string }
  /** The provider did not verify the address, so a mail to it decides, and the caller learns nothing. */
  | { action: 'ask_by_mail'; email: string }
  /**
   * The person owns the address of an account that a stranger may have made, so whatever the stranger may have left in
   * the account is removed.
   */
  | { action: 'claim'; account: Account }
  /** The account belongs to its owner, and the provider runs the mailbox, so both are one and the same person. */
  | { action: 'link'; account: Account }
  | { action: 'refuse'; code: 'email_required' | 'account_exists' | 'account_deactivated' }

/**
 * Decides which account somebody from a provider gets. The identity is looked at first. The address counts only where
 * the identity is new, and it opens an existing account only where nobody but its owner can have that account (ASVS
 * 6.8.1).
 */
export function decideLinking({
  provider,
  identity,
  email,
  owner,
  namesake,
  isReserved,
}: ArrivalWithAccounts): LinkingDecision {
  if (owner) return decideForOwner(owner, identity, email)
  if (email === null) return { action: 'refuse', code: 'email_required' }
  if (!identity.emailVerified) return { action: 'ask_by_mail', email }
  if (!namesake) return isReserved ? { action: 'refuse', code: 'account_exists' } : { action: 'create', email }
  if (namesake.status !== 'active') return { action: 'refuse', code: 'account_deactivated' }
  if (namesake.emailVerifiedAt === null) return { action: 'claim', account: namesake }
  if (!isMailboxProvider(provider, identity, email)) return { action: 'refuse', code: 'account_exists' }
  if (namesake.accessProvenAt === null) return { action: 'claim', account: namesake }
  return namesake.providers.includes(provider.id)
    ? { action: 'refuse', code: 'account_exists' }
    : { action: 'link', account: namesake }
}

/** Decides for an identity that is linked already. The address of its account may still have to be proven. */
function decideForOwner(
  owner: Account,
  { emailVerified }: Pick<ProviderIdentity, 'emailVerified'>,
  email: string | null,
): LinkingDecision {
  if (owner.emailVerifiedAt !== null) return { action: 'sign_in', account: owner }
  if (!emailVerified) return { action: 'ask_again', email: owner.email }
  const isClaimable = owner.email === email && owner.status === 'active'
  return { action: isClaimable ? 'claim' : 'sign_in', account: owner }
}

/** Tells whether the provider runs the mailbox of the address that it sent. The address must be in canonical form. */
export function isMailboxProvider(
  provider: Pick<OAuthProvider, 'trustedEmailDomains'>,
  identity: Pick<ProviderIdentity, 'issuer' | 'emailVerified' | 'hostedDomain'>,
  email: string,
): boolean {
  const domain = email.slice(email.indexOf('@') + 1)
  return isAuthoritativeFor({ ...identity, email }, domain, provider.trustedEmailDomains)
}
