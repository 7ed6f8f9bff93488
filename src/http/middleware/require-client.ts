import { createHash, timingSafeEqual } from 'node:crypto'
import { createMiddleware } from 'hono/factory'
import { auth } from 'hono/utils/basic-auth'
import { AuthError } from '../../errors.ts'
import type { AppEnv } from '../context.ts'

const digest = (text: string) => createHash('sha256').update(text).digest()

/**
 * Lets in a service that `INTROSPECTION_CLIENTS` names, by HTTP Basic (RFC 6749 §2.3.1). Every configured client is compared, in
 * constant time, whether or not one has matched.
 */
export const requireClient = () =>
  createMiddleware<AppEnv>(async (c, next) => {
    const given = auth(c.req.raw)
    const id = digest(decode(given?.username ?? ''))
    const secret = digest(decode(given?.password ?? ''))
    let isKnown = false
    for (const client of c.var.platform.settings.introspectionClients) {
      const isId = timingSafeEqual(digest(client.id), id)
      const isSecret = timingSafeEqual(digest(client.secret), secret)
      isKnown = (isId && isSecret) || isKnown
    }
    if (!isKnown)
      throw new AuthError('invalid_client', {
        headers: { 'WWW-Authenticate': 'Basic realm="postern", charset="UTF-8"' },
        members: { error: 'invalid_client' },
      })
    await next()
  })

/** Ids and secrets are form-encoded before they are joined (RFC 6749 §2.3.1); what is not is taken as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
