import { createHash } from 'node:crypto'
import { auth } from 'hono/utils/basic-auth'
import { isEqualInConstantTime } from '../../domain/constant-time.ts'
import type { Settings } from '../../env.ts'
import { Refusal } from '../../errors.ts'
import type { Context } from '../context.ts'

const digest = (text: string) => createHash('sha256').update(text).digest()

/**
 * Gives the id of the service that `SERVICE_CLIENTS` names and that proves itself by HTTP Basic (RFC 6749 §2.3.1).
 * @throws {Refusal} `invalid_client`.
 */
export function authenticateClient(c: Context): string {
  const id = findClientId(c.get('platform').settings, c.req.raw)
  if (id !== null) return id
  throw new Refusal('invalid_client', {
    headers: { 'WWW-Authenticate': 'Basic realm="postern", charset="UTF-8"' },
    members: { error: 'invalid_client' },
  })
}

/**
 * Finds the id of the configured service that the `Authorization` header of a request names and proves; null for
 * anybody else. Every configured client is compared, in constant time, whether or not an earlier one has matched.
 */
export function findClientId({ serviceClients }: Settings, request: Request): string | null {
  const given = auth(request)
  const ids = spellings(given?.username ?? '')
  const secrets = spellings(given?.password ?? '')
  let id: string | null = null
  for (const client of serviceClients) {
    const isId = isAmong(ids, client.id)
    const isSecret = isAmong(secrets, client.secret)
    if (isId && isSecret) id = client.id
  }
  return id
}

/**
 * Hashes the text as it was sent, and as it reads when it is form-encoded. Ids and secrets should be encoded before
 * they are joined (RFC 6749 §2.3.1), but most clients, `curl -u` among them, send them as they are.
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
  return digests.map((one) => isEqualInConstantTime(one, wanted)).includes(true)
}
