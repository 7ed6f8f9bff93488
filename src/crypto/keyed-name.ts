import { createHmac } from 'node:crypto'
import { deriveKey } from './derived-key.ts'

/**
 * Makes a name that says nothing about what it was made from, for example for the Durable Object of an e-mail address.
 */
export function makeKeyedName(secret: Uint8Array, purpose: string, value: string): string {
  return createHmac('sha256', deriveKey(secret, `name:${purpose}`))
    .update(value)
    .digest('base64url')
}
