import { type Locale, MAIL_PAUSE_MS } from '../config.ts'
import { en } from './texts/en.ts'

/** The kinds of mail that Postern sends are those that English has words for; no other language may lack one. */
export type MailKind = keyof typeof en.mails
export const MAIL_KINDS = Object.keys(en.mails) as readonly MailKind[]

/** What a mail says, before it is put into words. `link` and `code` are derived at delivery and stored nowhere. */
export interface MailContent {
  kind: MailKind
  locale: Locale
  /** Absolute URL on `APP_URL`: ending in `#token=<token>`, or of the account for a notice; null for neither. */
  link: string | null
  /** Eight digits, for a person who reads the mail on another device; null for a notice. */
  code: string | null
  /**
   * Plain facts a text may quote: `minutes`, `email`, `device`, `location`, `time`, `factor`, `unconfirmed`, and the
   * sign-ins `signIn`, `dropped` and `kept`. User-controlled: always escaped.
   */
  details: Readonly<Record<string, string>>
}

/** How the product presents itself in mails. */
export interface Brand {
  productName: string
  /** CSS hex colour of buttons and links, `#rrggbb`. */
  color: string
  logoUrl: string | null
}

export interface RenderedMail {
  subject: string
  text: string
  html: string
}

/**
 * A mail ready to leave. `id` is the outbox row's: the same at every attempt, so that an API can refuse a second
 * delivery.
 */
export interface OutgoingMail extends RenderedMail {
  id: string
  from: string
  to: string
}

/** Hands one mail to a server. Resolves once the server accepted it; otherwise throws `MailError`. */
export type MailTransport = (mail: OutgoingMail) => Promise<void>

/**
 * `permanent` failures are never tried again: this mail was refused, or its recipient. A refusal of ourselves (login,
 * sender, key) is the operator's to mend and stays temporary, so that a wrong password costs no mail. The reason holds
 * no address and no content.
 */
export class MailError extends Error {
  override readonly name = 'MailError'
  constructor(
    readonly reason: string,
    readonly permanent: boolean,
  ) {
    super(reason)
  }
}

/**
 * The server takes no mail at all for a while (RFC 6585 §4), so it has not tried this one. `askedMs` is null where it
 * does not say how long.
 */
export class MailThrottledError extends MailError {
  /** How long to leave it alone: what it asked for, within bounds. */
  readonly waitMs: number
  constructor(reason: string, askedMs: number | null) {
    super(reason, false)
    this.waitMs = Math.min(Math.max(askedMs ?? MAIL_PAUSE_MS.unstated, MAIL_PAUSE_MS.min), MAIL_PAUSE_MS.max)
  }
}
