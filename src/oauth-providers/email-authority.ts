import { GOOGLE_ISSUER } from './google.ts'
import type { ProviderIdentity } from './provider.ts'

/** Google's own consumer domains; both deliver to the same mailbox. */
const GMAIL_DOMAINS = new Set(['gmail.com', 'googlemail.com'])

/**
 * Whether a provider's word is enough to give the person an existing account with the same address.
 *
 * "Verified" alone is not: it can mean that somebody once clicked a link, in a mailbox that has changed hands since, or
 * that a tenant's administrator typed the address. It is enough only where the provider runs the mailbox or the
 * organisation behind it:
 * - Google for its consumer domains, and for a Workspace domain when `hd` is the address's own domain
 * (developers.google.com/identity/gsi/web/guides/verify-google-id-token: "Google is authoritative").
 * - a configured issuer for the domains its entry lists in `trustedEmailDomains`.
 *
 * Nobody else: everybody else signs in first, and links then. Subdomains are not included.
 * @param emailDomain the canonical domain of the local account's address: lower case, A-labels.
 * @param trustedDomains the `trustedEmailDomains` of the provider the identity came from, never another's.
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

/** The part after the only `@`; an address with several is nobody's. */
function domainOf(email: string): string | null {
  const [, domain, ...more] = email.split('@')
  return domain === undefined || more.length > 0 ? null : domain.toLowerCase()
}
