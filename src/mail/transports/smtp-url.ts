/** The address of a mail server and the way to reach it, from `SMTP_URL`. */
export interface SmtpServer {
  host: string
  port: number
  /**
   * With `implicit`, TLS starts with the first byte (`smtps://`). With `starttls`, it is required before anything else
   * is said. `off` is for development.
   */
  tls: 'implicit' | 'starttls' | 'off'
  /** The credentials; null where the server asks for none. */
  credentials: { user: string; password: string } | null
}

const FORM = 'must look like smtp://user:password@host:587 or smtps://user:password@host:465'

/**
 * Reads `smtp://user:password@host:587` or `smtps://user:password@host:465`. User and password are percent-encoded. A
 * password with an unencoded `#`, `/` or `?`, which would become another part of the URL, is refused.
 *
 * @throws {TypeError} naming the rule, never the value, which holds a password.
 */
export function parseSmtpUrl(text: string): SmtpServer {
  const url = URL.parse(text)
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') throw new TypeError(FORM)
  if (!['', '/'].includes(url.pathname) || url.hash !== '') throw new TypeError(`${FORM}, special characters %-encoded`)
  if (!['', '?tls=off'].includes(url.search)) throw new TypeError('may have one parameter only: tls=off')
  const off = url.search !== ''
  const implicit = url.protocol === 'smtps:'
  if (implicit && off) throw new TypeError('smtps and tls=off exclude each other')
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    // The ports are those of RFC 8314 §3.3 (465) and RFC 6409 §3.1 (587).
    port: url.port === '' ? (implicit ? 465 : 587) : Number(url.port),
    tls: implicit ? 'implicit' : off ? 'off' : 'starttls',
    credentials: url.username === '' ? null : { user: decode(url.username), password: decode(url.password) },
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new TypeError('must have user and password %-encoded (a % as %25)')
  }
}
