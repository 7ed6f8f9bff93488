import { env } from 'cloudflare:workers'
import { drizzle } from 'drizzle-orm/d1'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Account } from '../../../src/storage/accounts/accounts.ts'
import { type Credentials, findCredentials } from '../../../src/storage/accounts/credentials.ts'
import { findLiveSession, findLiveSessionWithCredentials } from '../../../src/storage/sessions/sessions.ts'
import { signedIn } from '../../support/accounts.ts'
import { rows } from '../../support/database.ts'

const db = drizzle(env.DB)
const liveNow = () => ({ nowMs: Date.now(), seenAfterMs: -1 })

async function signedInAccount() {
  const { user, session } = await signedIn()
  const [stored] = await rows('select password_hash, password_changed_at from users where id = ?', user.id)
  return { user, session, hash: stored?.password_hash, changedAt: stored?.password_changed_at }
}

describe('the account that a request carries', () => {
  it('has no password hash, and says only whether there is one', async () => {
    const { user, session, hash } = await signedInAccount()
    const live = await findLiveSession(db, session.id, liveNow())
    expect(live?.account).toMatchObject({ id: user.id, hasPassword: true })
    expect(JSON.stringify(live)).not.toContain(hash)
    expectTypeOf<keyof Account & keyof Credentials>().toEqualTypeOf<never>()
    await rows('update users set password_hash = null where id = ?', user.id)
    expect((await findLiveSession(db, session.id, liveNow()))?.account.hasPassword).toBe(false)
  })

  it('comes with its credentials for a login, and for a route that asks for the password once more', async () => {
    const { user, session, hash, changedAt } = await signedInAccount()
    const credentials = { passwordHash: hash, passwordChangedAt: changedAt, passwordResetRequiredAt: null }
    const account = { id: user.id, email: user.email, hasPassword: true }
    expect(await findLiveSessionWithCredentials(db, session.id, liveNow())).toMatchObject({
      session: { id: session.id },
      account,
      credentials,
    })
    expect(await findCredentials(db, { email: user.email })).toMatchObject({ account, credentials })
    expect(await findCredentials(db, { username: 'nobody-has-this-name' })).toBeNull()
  })

  it.each([
    ['email_verified_at = email_verified_at + 1', true],
    ['password_changed_at = password_changed_at + 1', true],
    ['password_reset_required_at = 1', true],
    ['password_hash = null', true],
    ["password_hash = password_hash || 'A'", false],
    ["name = 'Ada', last_seen_at = 1", false],
  ])('has another version of its credentials after "set %s": %s', async (change, isOther) => {
    const { user } = await signedInAccount()
    const versionOf = async () => (await findCredentials(db, { email: user.email }))?.account.credentialsVersion
    const before = await versionOf()
    await rows(`update users set ${change} where id = ?`, user.id)
    expect((await versionOf()) !== before).toBe(isOther)
  })
})
