import { describe, expect, it } from 'vitest'
import type { Secrets } from '../../../src/crypto/derived-key.ts'
import { makeTotpSecret } from '../../../src/crypto/totp.ts'
import { openTotpSecret, sealTotpSecret } from '../../../src/crypto/totp-seals.ts'

const V1 = { version: 'v1', secret: new Uint8Array(32).fill(1) }
const V2 = { version: 'v2', secret: new Uint8Array(32).fill(2) }
const ONLY_V1: Secrets = [V1]
const USER = crypto.randomUUID()
const secret = makeTotpSecret()

describe('the sealed secret of an authenticator app', () => {
  it('opens for its user, and shows nothing of the secret (ASVS 13.3.1)', async () => {
    const { seals } = await sealTotpSecret(ONLY_V1, USER, secret)
    expect(seals).not.toContain(secret)
    expect(await openTotpSecret(ONLY_V1, USER, seals)).toBe(secret)
  })

  it('opens for nobody else, because the user is part of the associated data (ASVS 11.3.3)', async () => {
    const { seals } = await sealTotpSecret(ONLY_V1, USER, secret)
    const other = crypto.randomUUID()
    expect(await openTotpSecret(ONLY_V1, other, seals)).toBeNull()
    const relabelled = seals.replace(/"(eyJ[^.]*)\./, (_, header: string) => {
      const read = JSON.parse(Buffer.from(header, 'base64url').toString()) as object
      return `"${Buffer.from(JSON.stringify({ ...read, sub: other })).toString('base64url')}.`
    })
    expect(relabelled).not.toBe(seals)
    expect(await openTotpSecret(ONLY_V1, other, relabelled)).toBeNull()
  })

  it('opens under each version that it was sealed for, whichever comes first, and under no other', async () => {
    const both = await sealTotpSecret([V2, V1], USER, secret)
    expect(both.sealedFor).toBe('v1,v2')
    for (const secrets of [[V1], [V2], [V1, V2], [V2, V1]] as Secrets[])
      expect(await openTotpSecret(secrets, USER, both.seals)).toBe(secret)
    const { seals } = await sealTotpSecret(ONLY_V1, USER, secret)
    expect(await openTotpSecret([V2], USER, seals)).toBeNull()
    expect(await openTotpSecret([{ ...V2, version: 'v1' }], USER, seals)).toBeNull()
  })

  it.each(['', '[]', '{"v1":1}', '{"v1":"a.b.c.d.e"}', 'null'])('does not open a damaged row: %s', async (seals) => {
    expect(await openTotpSecret(ONLY_V1, USER, seals)).toBeNull()
  })
})
