import { describe, expect, it } from 'vitest'
import type { Secrets } from '../../../src/crypto/derived-key.ts'
import type { Settings } from '../../../src/env.ts'
import type { AccountThrottle } from '../../../src/platform/login-throttle.ts'
import { newId, newOneTimeToken, newSalt, parseIdentifier, throttleOf } from '../../../src/services/identifiers.ts'

const V1 = { version: 'v1', secret: new Uint8Array(32).fill(1) }
const V2 = { version: 'v2', secret: new Uint8Array(32).fill(2) }

/** Answers the name of the throttle object that an account is given. */
function throttleName(secrets: Secrets, identifier: Parameters<typeof throttleOf>[1]): string {
  let named = ''
  const loginThrottle = (name: string) => {
    named = name
    return {} as AccountThrottle
  }
  throttleOf({ settings: { secrets } as Settings, loginThrottle }, identifier)
  return named
}

describe('parseIdentifier', () => {
  it.each([
    ['ada@example.com', { email: 'ada@example.com' }],
    [' ADA@Example.COM ', { email: 'ada@example.com' }],
    ['ada@müller.example', { email: 'ada@xn--mller-kva.example' }],
    ['AdaLovelace', { username: 'adalovelace' }],
    [' ada ', { username: 'ada' }],
    ['no address@all', { username: 'no address@all' }],
    ['a@b@c.example', { username: 'a@b@c.example' }],
    ['', { username: '' }],
  ])('reads %j as %j', (typed, identifier) => {
    expect(parseIdentifier(typed)).toEqual(identifier)
  })
})

describe('throttleOf', () => {
  const email = { email: 'ada@example.com' }

  it('names one object for each account, by a name that tells nothing of the account', () => {
    const name = throttleName([V1], email)
    expect(name).toMatch(/^[\w-]{43}$/)
    expect(throttleName([V1], email)).toBe(name)
    expect(throttleName([V1], { email: 'bob@example.com' })).not.toBe(name)
    expect(throttleName([V1], { username: 'ada@example.com' })).not.toBe(name)
  })

  it('keeps its name when a new secret is added behind or before the old one, so that no failure is forgotten', () => {
    const V10 = { version: 'v10', secret: new Uint8Array(32).fill(10) }
    for (const secrets of [
      [V2, V1],
      [V1, V2],
      [V10, V1, V2],
    ] as const)
      expect(throttleName(secrets, email)).toBe(throttleName([V1], email))
    expect(throttleName([V10, V2], email)).toBe(throttleName([V2], email))
    expect(throttleName([V2], email)).not.toBe(throttleName([V1], email))
  })
})

describe('new ids', () => {
  it('are ordered by time, so that lists page by them (RFC 9562 UUIDv7)', () => {
    const ids = Array.from({ length: 200 }, newId)
    expect([...ids].sort()).toEqual(ids)
    expect(new Set(ids).size).toBe(200)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  })

  it('of tokens are random, and so are their salts of 128 bits (ASVS 11.5.1)', () => {
    const tokens = Array.from({ length: 200 }, () => newOneTimeToken(1_000_000, 60))
    expect(new Set(tokens.map(({ id }) => id)).size).toBe(200)
    expect(new Set(tokens.map(({ salt }) => salt)).size).toBe(200)
    for (const { id, createdAt, expiresAt } of tokens) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/)
      expect(expiresAt - createdAt).toBe(60_000)
    }
    expect(Buffer.from(newSalt(), 'base64url')).toHaveLength(16)
  })
})
