import type { Requester } from '../domain/requester.ts'

/** The requester of a cron or a queue, which is nobody in particular. */
export const SYSTEM: Requester = { requestId: null, ip: null, country: null, city: null, userAgent: null, locale: 'en' }
