/** A host by a name of the public DNS: two labels at least, no address, no trailing dot. */
const DNS_NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Names that lead to no host of the public internet: those of RFC 6761, RFC 6762, RFC 8375 and RFC 9476, `internal`,
 * which ICANN keeps for private networks, and `test`, `lan` and the like, which routers resolve.
 */
const PRIVATE_NAME =
  /(?:^|\.)(?:localhost|local|internal|arpa|alt|onion|test|invalid|example|localdomain|lan|home|corp|intranet|private)$/

/** The names of this machine, where a receiver may run in development. */
const THIS_MACHINE = new Set(['localhost', '127.0.0.1'])

/**
 * Tells whether events may be sent to a URL: https, to a host that a public DNS name leads to, without userinfo or a
 * fragment. An address instead of a name is refused, in whichever notation, because nobody has a certificate for one
 * and it could name a private network. In development, http to this machine will do as well.
 */
export function isWebhookTarget(text: string, { isDevelopment }: { isDevelopment: boolean }): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false
  if (isDevelopment && url.protocol === 'http:' && THIS_MACHINE.has(url.hostname)) return true
  return url.protocol === 'https:' && DNS_NAME.test(url.hostname) && !PRIVATE_NAME.test(url.hostname)
}
