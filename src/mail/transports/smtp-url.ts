/** Where and how to reach a mail server, from `SMTP_URL`. */
export interface SmtpServer {
  host: string
  port: number
  /** `implicit` from the first byte (`smtps://`), `starttls` required before anything else is said, `off` for development. */
  tls: 'implicit' | 'starttls' | 'off'
  /** Null where the server asks for none. */
  credentials: { user: string; password: string } | null
}

/**
 * Reads `smtp://user:password@host:587` or `smtps://user:password@host:465`; user and password may be percent-encoded.
 *
 * @throws {TypeError} naming the rule, never the value, which holds a password.
 */
export function parseSmtpUrl(text: string): SmtpServer {
  const url = URL.parse(text)
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') {
    throw new TypeError('SMTP_URL must look like smtp://user:password@host:587 or smtps://user:password@host:465')
  }
  const tls = url.searchParams.get('tls')
  if (tls !== null && tls !== 'off') throw new TypeError('SMTP_URL: the only value of tls is off')
  const implicit = url.protocol === 'smtps:'
  if (implicit && tls === 'off') throw new TypeError('SMTP_URL: smtps and tls=off exclude each other')
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    // RFC 8314 §3.3 (465) and RFC 6409 §3.1 (587).
    port: url.port === '' ? (implicit ? 465 : 587) : Number(url.port),
    tls: implicit ? 'implicit' : tls === 'off' ? 'off' : 'starttls',
    credentials:
      url.username === ''
        ? null
        : { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) },
  }
}
