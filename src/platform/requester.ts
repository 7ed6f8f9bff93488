import type { Locale } from '../config.ts'
import type { Requester } from '../domain/requester.ts'

/** The requester of a cron or a queue, which is nobody in particular. */
export const SYSTEM: Requester = { requestId: null, ip: null, country: null, city: null, userAgent: null, locale: 'en' }

const USER_AGENT_MAX_LENGTH = 400

/**
 * Describes who makes a request. The address is that of `CF-Connecting-IP` alone, because a client can write anything
 * into `X-Forwarded-For`.
 */
export function describeRequester(request: Request, requestId: string, locale: Locale): Requester {
  const { cf } = request as Request<unknown, IncomingRequestCfProperties>
  return {
    requestId,
    ip: request.headers.get('CF-Connecting-IP'),
    country: cf?.country ?? null,
    city: cf?.city ?? null,
    userAgent: request.headers.get('User-Agent')?.slice(0, USER_AGENT_MAX_LENGTH) ?? null,
    locale,
  }
}
