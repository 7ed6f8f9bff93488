import { isAuthoritativeFor } from '../../oauth-providers/email-authority.ts'
import type { OAuthProvider, ProviderIdentity } from '../../oauth-providers/provider.ts'
import type { Account } from '../../storage/accounts/accounts.ts'

/** Somebody who proved at a provider who they are. */
export interface Arrival {
  provider: OAuthProvider
  identity: ProviderIdentity
}

/** What is known of accounts when somebody arrives. */
interface ArrivalWithAccounts extends Arrival {
  /** The address that came along, in canonical form; null where none came, or none that could be one. */
  email: string | null
  /** The account this identity is linked to. */
  owner: Account | null
  /** The account that has the address. */
  namesake: Account | null
}

export type LinkingDecision =
  /** The identity is linked: its account signs in. */
  | { action: 'sign_in'; account: Account }
  /**
   * The identity is linked, but neither its provider nor anybody else has proved the account's address: a mail to it
   * decides.
   */
  | { action: 'ask_again'; email: string }
  /** Nobody has the address, and the provider verified it: a new account. */
  | { action: 'create'; email: string }
  /** The provider did not verify the address: a mail to it decides, and the caller is told nothing. */
  | { action: 'ask_by_mail'; email: string }
  /**
   * Here is who owns the address of an account that may be a stranger's: what that stranger may have left in it dies.
   */
  | { action: 'claim'; account: Account }
  /** The account is its owner's, and the provider runs the mailbox: one and the same person. */
  | { action: 'link'; account: Account }
  | { action: 'refuse'; code: 'email_required' | 'account_exists' | 'account_deactivated' }

/**
 * Decides whose account somebody from a provider gets. The identity comes first; the address counts only where the
 * identity is new, and opens an account that exists only where nobody can have it but its owner (ASVS 6.8.1).
 */
export function decideLinking({ provider, identity, email, owner, namesake }: ArrivalWithAccounts): LinkingDecision {
  if (owner) return decideForOwner(owner, identity, email)
  if (email === null) return { action: 'refuse', code: 'email_required' }
  if (!identity.emailVerified) return { action: 'ask_by_mail', email }
  if (!namesake) return { action: 'create', email }
  if (namesake.status !== 'active') return { action: 'refuse', code: 'account_deactivated' }
  if (namesake.emailVerifiedAt === null) return { action: 'claim', account: namesake }
  if (!isMailboxProvider(provider, identity, email)) return { action: 'refuse', code: 'account_exists' }
  if (namesake.accessProvenAt === null) return { action: 'claim', account: namesake }
  return namesake.providers.includes(provider.id)
    ? { action: 'refuse', code: 'account_exists' }
    : { action: 'link', account: namesake }
}

/** The identity is linked already: its account's address may still have to be proved. */
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

/** Whether the provider runs the mailbox of the address that came along, in canonical form. */
export function isMailboxProvider(
  provider: Pick<OAuthProvider, 'trustedEmailDomains'>,
  identity: Pick<ProviderIdentity, 'issuer' | 'emailVerified' | 'hostedDomain'>,
  email: string,
): boolean {
  const domain = email.slice(email.indexOf('@') + 1)
  return isAuthoritativeFor({ ...identity, email }, domain, provider.trustedEmailDomains)
}
