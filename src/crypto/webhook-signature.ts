import { createHmac, randomBytes } from 'node:crypto'

/** A message as its receiver verifies it: `at` is in seconds, and the body is the text that is sent. */
export interface SignedMessage {
  id: string
  at: number
  body: string
}

/** Standard Webhooks asks for 24 to 64 random bytes ("Signature scheme"). */
const SECRET_BYTES = 32
const SECRET_PREFIX = 'whsec_'

/** Makes a secret in the form of Standard Webhooks. */
export const makeWebhookSecret = (): string => SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64')

/**
 * Signs a message with each of the secrets, as Standard Webhooks says ("Signature scheme"): a receiver that knows one
 * of them finds its signature in the list, so a secret can be replaced without a message being lost.
 */
export function signWebhook({ id, at, body }: SignedMessage, secrets: readonly string[]): string {
  const sign = (secret: string) =>
    createHmac('sha256', Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64'))
      .update(`${id}.${at}.${body}`)
      .digest('base64')
  return secrets.map((secret) => `v1,${sign(secret)}`).join(' ')
}
