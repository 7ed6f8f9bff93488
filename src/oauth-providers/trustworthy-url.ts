/** Loopback names a development issuer may run on; `localhost` resolves to this machine by RFC 6761 §6.3. */
const LOOPBACK = new Set(['localhost', '127.0.0.1'])

/**
 * True for an https URL without userinfo or fragment; also for http on this machine, where the caller is in
 * development.
 */
export function isTrustworthyUrl(text: string, { allowInsecure }: { allowInsecure: boolean }): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (allowInsecure && url.protocol === 'http:' && LOOPBACK.has(url.hostname))
}
