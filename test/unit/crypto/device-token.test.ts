import { describe, expect, it } from 'vitest'
import { DEVICE_TOKEN_TTL_SECONDS } from '../../../src/config.ts'
import type { Secrets } from '../../../src/crypto/derived-key.ts'
import { makeDeviceToken, readDeviceAccount, verifyDeviceToken } from '../../../src/crypto/device-token.ts'
import pinned from '../../vectors/derivations.json'

const V1 = { version: 'v1', secret: new Uint8Array(Buffer.from(pinned.secretHex, 'hex')) }
const V2 = { version: 'v2', secret: new Uint8Array(32).map((_, byte) => byte * 3 + 1) }
const ONLY_V1: Secrets = [V1]
const { userId, deviceId, nowMs, token } = pinned.device
const nameOf = (presented: string, secrets = ONLY_V1, at = nowMs) => readDeviceAccount(secrets, presented, at)
const read = (presented: string, secrets = ONLY_V1, of = userId, at = nowMs) =>
  verifyDeviceToken(secrets, of, presented, at)

describe('a device token (OWASP device cookies)', () => {
  it('is the pinned one, and names its device to its account', () => {
    expect(makeDeviceToken(ONLY_V1, userId, deviceId, nowMs)).toBe(token)
    expect(read(token)).toBe(deviceId)
  })

  it('is refused for another account', () => {
    expect(read(token, ONLY_V1, 'user-2')).toBeNull()
  })

  it('names its account alike on all its devices, by a name that tells nothing of the account', () => {
    const other = makeDeviceToken(ONLY_V1, userId, crypto.randomUUID(), nowMs + 5000)
    expect(nameOf(token)).toMatch(/^[\w-]{22}$/)
    expect(nameOf(other)).toBe(nameOf(token))
    expect(nameOf(makeDeviceToken(ONLY_V1, 'user-2', deviceId, nowMs))).not.toBe(nameOf(token))
    expect(nameOf(makeDeviceToken([V2], userId, deviceId, nowMs), [V2])).not.toBe(nameOf(token))
    expect(nameOf(token, [V2])).toBeNull()
    expect(nameOf(token, ONLY_V1, nowMs + DEVICE_TOKEN_TTL_SECONDS * 1000)).toBeNull()
  })

  it('is refused with the account of another token', () => {
    const other = makeDeviceToken(ONLY_V1, 'user-2', deviceId, nowMs)
    const parts = token.split('.')
    parts[3] = other.split('.')[3] ?? ''
    expect(read(parts.join('.'), ONLY_V1, 'user-2')).toBeNull()
    expect(nameOf(parts.join('.'))).toBeNull()
  })

  it('lives a year to the second', () => {
    const ends = nowMs + DEVICE_TOKEN_TTL_SECONDS * 1000
    expect(read(token, ONLY_V1, userId, ends - 1)).toBe(deviceId)
    expect(read(token, ONLY_V1, userId, ends)).toBeNull()
  })

  it('is refused with any one character changed, with a later end, or cut off', () => {
    for (let at = 0; at < token.length; at += 1)
      for (const character of '19afA_.') {
        const changed = token.slice(0, at) + character + token.slice(at + 1)
        if (changed !== token) expect([read(changed), nameOf(changed)], changed).toEqual([null, null])
      }
    for (const other of ['', token.slice(0, -1), `${token}A`, `${token}\n`, token.toUpperCase()])
      expect(read(other)).toBeNull()
  })

  it('is accepted while its version is listed, and no longer', () => {
    expect(read(token, [V2, V1])).toBe(deviceId)
    expect(read(token, [V2])).toBeNull()
    expect(makeDeviceToken([V2, V1], userId, deviceId, nowMs)).toMatch(/^v2\./)
  })
})
