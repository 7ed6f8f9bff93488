import { CompactEncrypt, decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { deriveKey, type Secrets } from '../../../src/crypto/derived-key.ts'
import { seal, unseal } from '../../../src/crypto/sealed.ts'

const V1 = { version: 'v1', secret: new Uint8Array(32).map((_, byte) => byte) }
const V2 = { version: 'v2', secret: new Uint8Array(32).map((_, byte) => byte * 3 + 1) }
const ONLY_V1: Secrets = [V1]
const VALUE = { d: 'a private part, with ü and 🔑' }
const Value = z.object({ d: z.string() })
/** Opens a sealed value without checking its shape. */
const open = (secrets: Secrets, purpose: string, sealed: string) => unseal(secrets, purpose, sealed, z.unknown())

describe('seal (ASVS 11.3.2, 11.3.4)', () => {
  it('opens again to the same value', async () => {
    const sealed = await seal(ONLY_V1, 'test', VALUE)
    expect(sealed).not.toContain('private')
    expect(await unseal(ONLY_V1, 'test', sealed, Value)).toEqual(VALUE)
  })

  it('is authenticated AES-256-GCM with a nonce of its own each time (ASVS 11.3.3)', async () => {
    const [first, second] = [await seal(ONLY_V1, 'test', VALUE), await seal(ONLY_V1, 'test', VALUE)]
    expect(decodeProtectedHeader(first)).toEqual({ alg: 'dir', enc: 'A256GCM', kid: 'v1' })
    expect(first.split('.')[2]).not.toBe(second.split('.')[2])
    expect(Buffer.from(first.split('.')[2] ?? '', 'base64url')).toHaveLength(12)
  })

  it('seals under the first version of the list, and opens what any of them sealed', async () => {
    const old = await seal(ONLY_V1, 'test', VALUE)
    expect(await open([V2, V1], 'test', old)).toEqual(VALUE)
    expect(decodeProtectedHeader(await seal([V2, V1], 'test', VALUE)).kid).toBe('v2')
  })
})

describe('unseal', () => {
  it('opens nothing for another purpose, another secret, or a version that is gone', async () => {
    const sealed = await seal(ONLY_V1, 'test', VALUE)
    expect(await open(ONLY_V1, 'other', sealed)).toBeNull()
    expect(await open([{ ...V2, version: 'v1' }], 'test', sealed)).toBeNull()
    expect(await open([V2], 'test', sealed)).toBeNull()
  })

  it('opens nothing that its schema does not know, such as what another version of the Worker sealed', async () => {
    const sealed = await seal(ONLY_V1, 'test', VALUE)
    expect(await unseal(ONLY_V1, 'test', sealed, z.object({ d: z.number() }))).toBeNull()
  })

  it('opens nothing that was changed, in any of its parts (ASVS 11.3.3)', async () => {
    const sealed = await seal(ONLY_V1, 'test', VALUE)
    for (const at of [2, sealed.indexOf('..') + 3, sealed.lastIndexOf('.') - 3, sealed.length - 3]) {
      const changed = `${sealed.slice(0, at)}${sealed.charAt(at) === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`
      expect(await open(ONLY_V1, 'test', changed)).toBeNull()
    }
    for (const other of ['', 'x', 'a.b.c.d.e', sealed.slice(0, -4)])
      expect(await open(ONLY_V1, 'test', other)).toBeNull()
  })

  it('refuses every other algorithm that a header names', async () => {
    const key = deriveKey(V1.secret, 'seal:test')
    const bytes = new TextEncoder().encode(JSON.stringify(VALUE))
    const wrapped = await new CompactEncrypt(bytes)
      .setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM', kid: 'v1' })
      .encrypt(key)
    expect(await open(ONLY_V1, 'test', wrapped)).toBeNull()
    const weaker = await new CompactEncrypt(bytes)
      .setProtectedHeader({ alg: 'dir', enc: 'A128CBC-HS256', kid: 'v1' })
      .encrypt(key)
    expect(await open(ONLY_V1, 'test', weaker)).toBeNull()
  })
})
