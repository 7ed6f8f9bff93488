import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { TOTP_RESEAL_BATCH } from '../../src/config.ts'
import { openTotpSecret } from '../../src/crypto/totp-seals.ts'
import { parseSettings, type Settings } from '../../src/env.ts'
import { resealTotpSecrets } from '../../src/services/factors/totp-resealing.ts'
import { giveSecondFactor, verified } from '../support/accounts.ts'
import { rows } from '../support/database.ts'
import { jobPlatform } from '../support/outbox.ts'
import { queryOne } from '../support/stored-state.ts'

const V1 = (env as unknown as { AUTH_SECRET: string }).AUTH_SECRET
const V2 = `v2:${Buffer.alloc(32, 'second secret').toString('base64url')}`
const settingsWith = (AUTH_SECRET: string): Settings => parseSettings({ ...env, AUTH_SECRET })
const v1 = settingsWith(V1)
const both = settingsWith(`${V1},${V2}`)
const v2 = settingsWith(V2)

const reseal = (settings: Settings) => resealTotpSecrets({ ...jobPlatform(), settings })
const sealedOf = async (userId: string) =>
  (await queryOne('select seals, sealed_for from totp_secrets where user_id = ?', userId)) as {
    seals: string
    sealed_for: string
  }
async function withApp() {
  const { id } = await verified()
  return { id, secret: await giveSecondFactor(id) }
}

describe('the daily cron', () => {
  it('seals the secrets of apps under a version that was added, so that the old one can be dropped', async () => {
    const { id, secret } = await withApp()
    expect(await openTotpSecret(v2.secrets, id, (await sealedOf(id)).seals)).toBeNull()
    await reseal(both)
    const { seals, sealed_for } = await sealedOf(id)
    expect(sealed_for).toBe('v1,v2')
    for (const { secrets } of [v1, both, v2]) expect(await openTotpSecret(secrets, id, seals)).toBe(secret)
  })

  it('seals them under no version that was dropped, which may leak later', async () => {
    const { id, secret } = await withApp()
    await reseal(both)
    await reseal(v2)
    const { seals, sealed_for } = await sealedOf(id)
    expect(sealed_for).toBe('v2')
    expect(await openTotpSecret(v1.secrets, id, seals)).toBeNull()
    expect(await openTotpSecret(v2.secrets, id, seals)).toBe(secret)
  })

  it('changes nothing where nothing has to be done', async () => {
    const { id } = await withApp()
    await reseal(both)
    const before = await sealedOf(id)
    await reseal(both)
    expect(await sealedOf(id)).toEqual(before)
  })

  it('leaves a secret that no version opens as it is, and seals those behind it', async () => {
    const people = [await withApp(), await withApp()].sort((left, right) => left.id.localeCompare(right.id))
    const [damaged, whole] = people
    if (!damaged || !whole) throw new Error('no people')
    await rows("update totp_secrets set seals = '{}', sealed_for = 'v0' where user_id = ?", damaged.id)
    await reseal(both)
    expect(await sealedOf(damaged.id)).toEqual({ seals: '{}', sealed_for: 'v0' })
    expect((await sealedOf(whole.id)).sealed_for).toBe('v1,v2')
  })

  it('keeps the seals of an app that its owner set anew meanwhile', async () => {
    const { id } = await withApp()
    const { db } = jobPlatform()
    const slow = resealTotpSecrets({ db, now: Date.now, settings: both })
    await rows("update totp_secrets set seals = 'newer' where user_id = ?", id)
    await slow
    expect((await sealedOf(id)).seals).toBe('newer')
  })

  it('goes on behind a full batch', async () => {
    const { id } = await verified()
    const made = Array.from({ length: TOTP_RESEAL_BATCH + 5 }, (_, index) => `00000000-filler-${index}`)
    for (const filler of made) {
      await rows("insert into users (id, email, created_at) values (?1, ?1 || '@example.com', 0)", filler)
      await rows("insert into totp_secrets (user_id, seals, sealed_for, created_at) values (?, '{}', 'v0', 0)", filler)
    }
    await giveSecondFactor(id)
    await reseal(both)
    expect((await sealedOf(id)).sealed_for).toBe('v1,v2')
  })
})
