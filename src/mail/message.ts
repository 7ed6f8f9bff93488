import { type Locale, MAIL_PAUSE_MS } from '../config.ts'
import { en } from './texts/en.ts'

/**
 * The kinds of mail that Postern sends. They are those that English has words for, and no other language may lack one.
 */
export type MailKind = keyof typeof en.mails
export const MAIL_KINDS = Object.keys(en.mails) as readonly MailKind[]

/** The content of a mail before it is put into words. `link` and `code` are derived at delivery and stored nowhere. */
export interface MailContent {
  kind: MailKind
  locale: Locale
  /**
   * An absolute URL on `APP_URL`. It ends in `#token=<token>`, or leads to the account for a notice; null where the
   * mail has no link.
   */
  link: string | null
  /** Eight digits, for a person who reads the mail on another device; null for a notice. */
  code: string | null
  /**
   * The plain facts that a text may quote: `minutes`, `email`, `device`, `location`, `time`, `factor`, `left`,
   * `roles`, `unconfirmed`, and the sign-ins `signIn`, `dropped` and `kept`. Users influence them, so they are always
   * escaped.
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
 * A mail that is ready to be sent. `id` is that of its outbox row and the same at every attempt, so that an API can
 * refuse a second delivery.
 */
export interface OutgoingMail extends RenderedMail {
  id: string
  from: string
  to: string
}

/**
 * This header (RFC 3834 §5) keeps servers from answering with an out-of-office reply, and so keeps our mails from
 * starting a loop.
 */
export const AUTOMATIC = { 'Auto-Submitted': 'auto-generated' } as const

/** Hands one mail to a server. It resolves once the server has accepted the mail, and otherwise throws `MailError`. */
export type MailTransport = (mail: OutgoingMail) => Promise<void>

/**
 * A mail could not be handed over. A `permanent` failure is never tried again, because the server refused this mail or
 * its recipient. Where the server refused us (login, sender, key), the operator has to correct that; the failure is
 * temporary, so that a wrong password loses no mail. The reason holds no address and no content.
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
 * does not say for how long.
 */
export class MailThrottledError extends MailError {
  /** The time for which the server is left alone: as long as it asked for, within bounds. */
  readonly waitMs: number
  constructor(reason: string, askedMs: number | null) {
    super(reason, false)
    this.waitMs = Math.min(Math.max(askedMs ?? MAIL_PAUSE_MS.unstated, MAIL_PAUSE_MS.min), MAIL_PAUSE_MS.max)
  }
}
