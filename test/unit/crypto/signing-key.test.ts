import { calculateJwkThumbprint } from 'jose'
import { describe, expect, it } from 'vitest'
import { generateSigningKey, importSigningKey } from '../../../src/crypto/signing-key.ts'
import rfc from '../../vectors/rfc-primitives.json'

describe('generateSigningKey', () => {
  it('names a key by its RFC 7638 thumbprint, as the example of the RFC is named', async () => {
    expect(await calculateJwkThumbprint(rfc.thumbprint.jwk)).toBe(rfc.thumbprint.thumbprint)
    const { kid, publicJwk } = await generateSigningKey()
    expect(kid).toBe(await calculateJwkThumbprint(publicJwk))
    expect(publicJwk).toMatchObject({ kid, kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
  })

  it('keeps the private part out of what is published', async () => {
    const { publicJwk, privateJwk } = await generateSigningKey()
    expect(publicJwk.d).toBeUndefined()
    expect(privateJwk.d).toHaveLength(43)
  })

  it('makes a new key each time', async () => {
    expect((await generateSigningKey()).kid).not.toBe((await generateSigningKey()).kid)
  })
})

describe('importSigningKey', () => {
  it('gives keys that cannot be exported again, each for its one use', async () => {
    const { publicJwk, privateJwk } = await generateSigningKey()
    const privateKey = await importSigningKey(privateJwk)
    expect([privateKey.extractable, privateKey.usages]).toEqual([false, ['sign']])
    expect((await importSigningKey(publicJwk)).usages).toEqual(['verify'])
  })

  it('refuses a secret key, whose bytes anyone who verifies would hold', async () => {
    await expect(importSigningKey({ kty: 'oct', k: 'AAECAwQFBgcICQoLDA0ODw' })).rejects.toThrow('asymmetric')
  })
})
