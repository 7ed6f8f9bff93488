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
    const ids = spellings(given?.username ?? '')
    const secrets = spellings(given?.password ?? '')
    let serviceId: string | null = null
    for (const client of c.var.platform.settings.introspectionClients) {
      const isId = isAmong(ids, client.id)
      const isSecret = isAmong(secrets, client.secret)
      if (isId && isSecret) serviceId = client.id
    }
    if (serviceId === null)
      throw new AuthError('invalid_client', {
        headers: { 'WWW-Authenticate': 'Basic realm="postern", charset="UTF-8"' },
        members: { error: 'invalid_client' },
      })
    c.set('serviceId', serviceId)
    await next()
  })

/**
 * What was sent, and what it says form-encoded: ids and secrets are encoded before they are joined (RFC 6749 §2.3.1), but most
 * clients, `curl -u` among them, send them as they are.
 */
function spellings(text: string): readonly Buffer[] {
  return [digest(text), digest(decode(text))]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

function isAmong(digests: readonly Buffer[], expected: string): boolean {
  const wanted = digest(expected)
  return digests.map((one) => timingSafeEqual(one, wanted)).includes(true)
}
