import { CompactEncrypt, decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { deriveKey, type Secrets } from '../../../src/crypto/derived-key.ts'
import { seal, unseal } from '../../../src/crypto/sealed.ts'

const V1 = { version: 'v1', secret: new Uint8Array(32).map((_, byte) => byte) }
const V2 = { version: 'v2', secret: new Uint8Array(32).map((_, byte) => byte * 3 + 1) }
const ONLY_V1: Secrets = [V1]
const TEXT = '{"d":"a private part, with ü and 🔑"}'

describe('seal (ASVS 11.3.2, 11.3.4)', () => {
  it('opens again to the same text', async () => {
    const sealed = await seal(ONLY_V1, 'test', TEXT)
    expect(sealed).not.toContain('private')
    expect(await unseal(ONLY_V1, 'test', sealed)).toEqual({ plaintext: TEXT })
  })

  it('uses authenticated AES-256-GCM with a new nonce each time (ASVS 11.3.3)', async () => {
    const [first, second] = [await seal(ONLY_V1, 'test', TEXT), await seal(ONLY_V1, 'test', TEXT)]
    expect(decodeProtectedHeader(first)).toEqual({ alg: 'dir', enc: 'A256GCM', kid: 'v1' })
    expect(first.split('.')[2]).not.toBe(second.split('.')[2])
    expect(Buffer.from(first.split('.')[2] ?? '', 'base64url')).toHaveLength(12)
  })

  it('seals under the first version of the list, and opens what any of them sealed', async () => {
    const old = await seal(ONLY_V1, 'test', TEXT)
    expect(await unseal([V2, V1], 'test', old)).toEqual({ plaintext: TEXT })
    expect(decodeProtectedHeader(await seal([V2, V1], 'test', TEXT)).kid).toBe('v2')
  })
})

describe('unseal', () => {
  it('refuses another purpose, another secret, and a version that is no longer listed', async () => {
    const sealed = await seal(ONLY_V1, 'test', TEXT)
    expect(await unseal(ONLY_V1, 'other', sealed)).toBeNull()
    expect(await unseal([{ ...V2, version: 'v1' }], 'test', sealed)).toBeNull()
    expect(await unseal([V2], 'test', sealed)).toBeNull()
  })

  it('refuses a text of which any part was changed (ASVS 11.3.3)', async () => {
    const sealed = await seal(ONLY_V1, 'test', TEXT)
    for (const at of [2, sealed.indexOf('..') + 3, sealed.lastIndexOf('.') - 3, sealed.length - 3]) {
      const changed = `${sealed.slice(0, at)}${sealed.charAt(at) === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`
      expect(await unseal(ONLY_V1, 'test', changed)).toBeNull()
    }
    for (const other of ['', 'x', 'a.b.c.d.e', sealed.slice(0, -4)])
      expect(await unseal(ONLY_V1, 'test', other)).toBeNull()
  })

  it('refuses every other algorithm that a header names', async () => {
    const key = deriveKey(V1.secret, 'seal:test')
    const bytes = new TextEncoder().encode(TEXT)
    const wrapped = await new CompactEncrypt(bytes)
      .setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM', kid: 'v1' })
      .encrypt(key)
    expect(await unseal(ONLY_V1, 'test', wrapped)).toBeNull()
    const weaker = await new CompactEncrypt(bytes)
      .setProtectedHeader({ alg: 'dir', enc: 'A128CBC-HS256', kid: 'v1' })
      .encrypt(key)
    expect(await unseal(ONLY_V1, 'test', weaker)).toBeNull()
  })
})
