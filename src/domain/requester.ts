import type { Locale } from '../config.ts'

/**
 * Who is asking, as far as the network tells. Only `ip` may be used for a decision, because it was set by Cloudflare or
 * by a back end that proves who it is.
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
