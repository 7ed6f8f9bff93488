import { GOOGLE_ISSUER } from './google.ts'
import type { ProviderIdentity } from './provider.ts'

/** Google's own consumer domains, both of which deliver to the same mailbox. */
const GMAIL_DOMAINS = new Set(['gmail.com', 'googlemail.com'])

/**
 * Tells whether a provider's word is enough to give the person an existing account with the same address.
 *
 * "Verified" alone is not enough. It can mean that somebody once clicked a link, in a mailbox that has changed hands
 * since, or that a tenant's administrator typed the address. The provider's word is enough only where the provider runs
 * the mailbox or the organisation behind it:
 * - Google does so for its consumer domains, and for a Workspace domain when `hd` is the address's own domain
 * (developers.google.com/identity/gsi/web/guides/verify-google-id-token: "Google is authoritative").
 * - A configured issuer does so for the domains that its entry lists in `trustedEmailDomains`.
 *
 * With any other provider, a person signs in first and links then. Subdomains are not included.
 * @param emailDomain is the canonical domain of the local account's address: lower case, A-labels.
 * @param trustedDomains are the `trustedEmailDomains` of the provider that the identity came from, and of no other.
 */
export function isAuthoritativeFor(
  identity: Pick<ProviderIdentity, 'issuer' | 'email' | 'emailVerified' | 'hostedDomain'>,
  emailDomain: string,
  trustedDomains: readonly string[],
): boolean {
  const { issuer, email, emailVerified, hostedDomain } = identity
  if (!emailVerified || email === null || emailDomain === '' || domainOf(email) !== emailDomain) return false
  if (trustedDomains.includes(emailDomain)) return true
  return issuer === GOOGLE_ISSUER && (GMAIL_DOMAINS.has(emailDomain) || hostedDomain?.toLowerCase() === emailDomain)
}

/** Gives the part after the only `@`. An address with several of them has no domain. */
function domainOf(email: string): string | null {
  const [, domain, ...more] = email.split('@')
  return domain === undefined || more.length > 0 ? null : domain.toLowerCase()
}
