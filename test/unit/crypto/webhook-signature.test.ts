import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { makeWebhookSecret, signWebhook } from '../../../src/crypto/webhook-signature.ts'

const [secret, former, foreign] = [makeWebhookSecret(), makeWebhookSecret(), makeWebhookSecret()] as const
const body = JSON.stringify({ type: 'login.failed', data: { name: 'Łukasz' } })
const message = { id: 'a-message', at: Math.floor(Date.now() / 1000), body }
const headersOf = (signature: string, { id, at } = message) => ({
  'webhook-id': id,
  'webhook-timestamp': String(at),
  'webhook-signature': signature,
})

describe('the signature of a webhook', () => {
  it('is verified by the library of Standard Webhooks', () => {
    expect(new Webhook(secret).verify(body, headersOf(signWebhook(message, [secret])))).toEqual(JSON.parse(body))
  })

  it('is what that library signs itself', () => {
    const signed = new Webhook(secret).sign(message.id, new Date(message.at * 1000), body)
    expect(signWebhook(message, [secret])).toBe(signed)
  })

  it('is good for a receiver that knows either secret while one is replaced', () => {
    const signature = signWebhook(message, [secret, former])
    for (const known of [secret, former])
      expect(() => new Webhook(known).verify(body, headersOf(signature))).not.toThrow()
    expect(() => new Webhook(foreign).verify(body, headersOf(signature))).toThrow('No matching signature found')
  })

  it('covers the body, the id and the time', () => {
    const signature = signWebhook(message, [secret])
    const verify = (text: string, changes: Partial<typeof message>) =>
      new Webhook(secret).verify(text, headersOf(signature, { ...message, ...changes }))
    expect(() => verify(`${body} `, {})).toThrow()
    expect(() => verify(body, { id: 'another-message' })).toThrow()
    expect(() => verify(body, { at: message.at + 1 })).toThrow()
  })

  it('has a secret of 256 random bits', () => {
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(new Set([secret, former, foreign]).size).toBe(3)
  })
})
