import { createHash, timingSafeEqual } from 'node:crypto'
import { auth } from 'hono/utils/basic-auth'
import type { Settings } from '../../env.ts'
import { AuthError } from '../../errors.ts'
import type { Context } from '../context.ts'

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Lets in a service that `SERVICE_CLIENTS` names, by HTTP Basic (RFC 6749 §2.3.1). @throws {AuthError} `invalid_client`. */
export function authenticateClient(c: Context): void {
  if (isKnownClient(c.var.platform.settings, c.req.raw)) return
  throw new AuthError('invalid_client', {
    headers: { 'WWW-Authenticate': 'Basic realm="postern", charset="UTF-8"' },
    members: { error: 'invalid_client' },
  })
}

/**
 * Whether the `Authorization` of a request is that of a configured service. Every configured client is compared, in constant time,
 * whether or not one has matched.
 */
export function isKnownClient({ serviceClients }: Settings, request: Request): boolean {
  const given = auth(request)
  const ids = spellings(given?.username ?? '')
  const secrets = spellings(given?.password ?? '')
  let isKnown = false
  for (const client of serviceClients) {
    const isId = isAmong(ids, client.id)
    const isSecret = isAmong(secrets, client.secret)
    isKnown = (isId && isSecret) || isKnown
  }
  return isKnown
}

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
