import { createMiddleware } from 'hono/factory'
import type { Platform } from '../../platform/platform.ts'
import type { AppEnv } from '../context.ts'

const TWO_YEARS = 'max-age=63072000'

/**
 * Tells browsers to come by https only (RFC 6797), on pages and data alike. It speaks for the subdomains of `ISSUER`
 * only where a deployment says so, because one of them may be somebody else's and without https. A Worker without a
 * valid configuration has no platform, and speaks for itself.
 */
export const transportSecurity = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const platform = c.get('platform') as Platform | undefined
  const scope = platform?.settings.hstsIncludeSubdomains ? '; includeSubDomains' : ''
  c.header('Strict-Transport-Security', `${TWO_YEARS}${scope}`)
})
