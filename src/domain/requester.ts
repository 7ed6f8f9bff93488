import type { Locale } from '../config.ts'

/**
 * Who is asking, as far as the network tells. Only `ip` is fit for a decision: Cloudflare sets it, or a back end that
 * proves itself.
 */
export interface Requester {
  requestId: string | null
  ip: string | null
  country: string | null
  city: string | null
  userAgent: string | null
  /** The language of mails that this request sends. */
  locale: Locale
}
