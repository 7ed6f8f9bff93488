import { beforeEach, describe, expect, it } from 'vitest'
import { makeToken } from '../../../src/crypto/derived-token.ts'
import { removeDueFactors } from '../../../src/services/factors/removal.ts'
import { openSession } from '../../../src/services/sessions/opening.ts'
import { NO_SESSION_COOKIES } from '../../../src/services/sessions/replaced.ts'
import { findCredentials } from '../../../src/storage/accounts/credentials.ts'
import { deactivate, giveSecondFactor, settings, signedIn } from '../../support/accounts.ts'
import { expectRefusal } from '../../support/answers.ts'
import { bearer, post, send, tokenIn, waitForMail } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { jobPlatform } from '../../support/outbox.ts'
import { accountState, queryOne } from '../../support/stored-state.ts'
import { addPasskey, pressNotMe, showFactor, undoTokenOf } from '../../support/undo.ts'

const WAIT_MS = 72 * 3_600_000

async function signedInAs(role: string) {
  const account = await signedIn()
  await rows('insert or ignore into user_roles (user_id, role) values (?, ?)', account.id, role)
  return account
}

/** Makes a role that holds these permissions and no others. */
async function roleWith(...permissions: string[]): Promise<string> {
  const name = `role-${crypto.randomUUID()}`
  await rows("insert into roles (name, description) values (?, '')", name)
  for (const permission of permissions)
    await rows('insert into role_permissions (role, permission) values (?, ?)', name, permission)
  return name
}

const support = () => roleWith('users:write').then(signedInAs)
const ask = (admin: { tokens: { accessToken: string } }, userId: string) =>
  send('DELETE', `/users/${userId}/factors`, { headers: bearer(admin.tokens.accessToken) })

/** A user who has an authenticator app and a passkey, is signed in, and whose factors an admin wants to remove. */
async function lost() {
  const user = await signedIn()
  await giveSecondFactor(user.id)
  await addPasskey(user.email)
  const admin = await support()
  return { user, admin }
}

async function asked() {
  const { user, admin } = await lost()
  const answer = await ask(admin, user.id)
  expect(answer.status).toBe(202)
  const { removesAt } = (await answer.json()) as { removesAt: string }
  return { user, admin, removesAt: Date.parse(removesAt) }
}

/** Runs what the job of each minute does about removals, at a time of its own. */
const runAt = (now: number) =>
  removeDueFactors({ ...jobPlatform(), now: () => now, announceMails: () => Promise.resolve() })

const factorsOf = async (id: string) =>
  (await countRows('totp_secrets', 'user_id = ?', id)) + (await countRows('passkeys', 'user_id = ?', id))

async function keepToken(userId: string): Promise<string> {
  const row = await queryOne(
    "select id, salt from one_time_tokens where user_id = ? and purpose = 'keep_factors'",
    userId,
  )
  return makeToken(settings.secrets, {
    purpose: 'keep_factors',
    id: String(row.id),
    generation: 0,
    salt: String(row.salt),
  })
}

// One run of the job takes the removal that has been due for longest, so none of another test may wait.
beforeEach(() => rows('delete from factor_removals'))

describe('DELETE /users/{id}/factors', () => {
  it('waits for 72 hours, mails the user at once, and changes nothing yet', async () => {
    const before = Date.now()
    const { user, admin, removesAt } = await asked()
    expect(removesAt - before).toBeGreaterThanOrEqual(WAIT_MS)
    expect(removesAt - Date.now()).toBeLessThanOrEqual(WAIT_MS)
    expect(await factorsOf(user.id)).toBe(2)
    expect(await countRows('sessions', 'user_id = ?', user.id)).toBe(1)
    const mail = await waitForMail(user.email, ({ text }) => text.includes('/keep-factors#token='))
    expect(tokenIn(mail)).toBe(await keepToken(user.id))
    expect(mail.text).toContain('3 days')
    expect(mail.text).not.toMatch(/^\d{8}$/m)
    expect(await auditOf('factors.removal_requested', user.id)).toMatchObject([{ actor_id: admin.id }])
  })

  it('answers a second request with the same time, and mails and records nothing more', async () => {
    const { user, removesAt } = await asked()
    const again = await ask(await support(), user.id)
    expect(await again.json()).toEqual({ removesAt: new Date(removesAt).toISOString() })
    expect(await countRows('outbox', "recipient = ? and kind = 'factor_removal_requested'", user.email)).toBe(1)
    expect(await auditOf('factors.removal_requested', user.id)).toHaveLength(1)
  })

  it('lets one of twenty at once make the removal', async () => {
    const { user, admin } = await lost()
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(admin, user.id)))
    const times = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as { removesAt: string }).removesAt),
    )
    expect(new Set(times).size).toBe(1)
    expect(await countRows('one_time_tokens', "user_id = ? and purpose = 'keep_factors'", user.id)).toBe(1)
    expect(await countRows('outbox', "recipient = ? and kind = 'factor_removal_requested'", user.email)).toBe(1)
  })

  it('asks for users:write (ASVS 8.2.1)', async () => {
    const { user } = await lost()
    await expectRefusal(await ask(await signedInAs(await roleWith('users:read')), user.id), 403, 'forbidden')
    await expectRefusal(await send('DELETE', `/users/${user.id}/factors`), 401, 'unauthenticated')
  })

  it('asks for a recent login, with a strong factor where the admin has one (ASVS 7.5.1)', async () => {
    const { user, admin } = await lost()
    await rows('update sessions set authenticated_at = 0 where user_id = ?', admin.id)
    await expectRefusal(await ask(admin, user.id), 403, 'step_up_required')
    await rows('update sessions set authenticated_at = ? where user_id = ?', Date.now(), admin.id)
    await giveSecondFactor(admin.id)
    await expectRefusal(await ask(admin, user.id), 403, 'step_up_required')
    await showFactor(admin.id)
    expect((await ask(admin, user.id)).status).toBe(202)
  })

  it('is for nobody who holds more permissions, nor for the admin themselves', async () => {
    const { admin } = await lost()
    const boss = await signedInAs('admin')
    await giveSecondFactor(boss.id)
    await giveSecondFactor(admin.id)
    await showFactor(admin.id)
    const before = await accountState()
    await expectRefusal(await ask(admin, boss.id), 403, 'permission_not_held')
    await expectRefusal(await ask(admin, admin.id), 403, 'forbidden')
    expect(await accountState()).toEqual(before)
    expect(await countRows('factor_removals', 'user_id in (?, ?)', boss.id, admin.id)).toBe(0)
  })

  it('finds no user who is unknown, deactivated, or without a factor', async () => {
    const { user, admin } = await lost()
    const plain = await signedIn()
    await deactivate(user.id)
    for (const id of ['nobody', user.id, plain.id]) await expectRefusal(await ask(admin, id), 404, 'not_found')
    expect(await countRows('factor_removals', 'user_id in (?, ?)', user.id, plain.id)).toBe(0)
  })

  it('lets no removal wait that the user was not told of', async () => {
    const { user, admin } = await lost()
    for (let count = 0; count < 5; count += 1) {
      expect((await ask(admin, user.id)).status).toBe(202)
      expect((await post('/auth/keep-factors', { token: await keepToken(user.id) })).status).toBe(204)
    }
    const refused = await ask(admin, user.id)
    await expectRefusal(refused, 429, 'rate_limited')
    expect(refused.headers.get('Retry-After')).toBe('3600')
    expect(await countRows('factor_removals', 'user_id = ?', user.id)).toBe(0)
  })
})

describe('a removal that waits is stopped', () => {
  const isStopped = async (userId: string) => {
    expect(await countRows('factor_removals', 'user_id = ?', userId)).toBe(0)
    expect(await countRows('one_time_tokens', "user_id = ? and purpose = 'keep_factors'", userId)).toBe(0)
    await runAt(Date.now() + WAIT_MS)
    expect(await factorsOf(userId)).toBeGreaterThan(0)
  }

  it('by the link of the mail, once, of many presses at once (POST /auth/keep-factors)', async () => {
    const { user } = await asked()
    const token = await keepToken(user.id)
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/auth/keep-factors', { token })))
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array(19).fill(400)])
    await isStopped(user.id)
    expect(await auditOf('factors.removal_stopped', user.id)).toMatchObject([
      { actor_id: user.id, details: { why: 'mail' } },
    ])
  })

  it('also after the password was set anew, and after the address was changed', async () => {
    const { user } = await asked()
    await showFactor(user.id)
    const body = { currentPassword: user.password, newPassword: 'four other words instead' }
    expect((await post('/auth/change-password', body, bearer(user.tokens.accessToken))).status).toBe(204)
    expect((await post('/auth/keep-factors', { token: await keepToken(user.id) })).status).toBe(204)
    await isStopped(user.id)
  })

  it.each([
    [['pwd', 'otp', 'mfa'], true],
    [['pwd'], false],
  ])('by a login with %j: %s', async (methods, stops) => {
    const { user } = await asked()
    const named = await findCredentials(jobPlatform().db, { email: user.email })
    if (!named) throw new Error('no such account')
    await openSession(jobPlatform(), named.account, { methods, deviceId: null, replaces: NO_SESSION_COOKIES })
    expect(await countRows('factor_removals', 'user_id = ?', user.id)).toBe(stops ? 0 : 1)
    if (stops) await isStopped(user.id)
  })

  it('by "This was not me"', async () => {
    const { user } = await asked()
    expect((await pressNotMe(await undoTokenOf(user.email, 'factor_added'))).status).toBe(204)
    expect(await countRows('factor_removals', 'user_id = ?', user.id)).toBe(0)
    expect(await auditOf('factors.removal_stopped', user.id)).toMatchObject([{ details: { why: 'not me' } }])
  })

  it('by no token of another purpose, and by no request without one', async () => {
    const { user } = await asked()
    await post('/auth/forgot-password', { email: user.email })
    const other = await undoTokenOf(user.email, 'factor_added')
    await expectRefusal(await post('/auth/keep-factors', { token: other }), 400, 'invalid_token')
    await expectRefusal(await post('/auth/keep-factors', {}), 400, 'invalid_request')
    expect(await countRows('factor_removals', 'user_id = ?', user.id)).toBe(1)
  })
})

describe('the job of each minute', () => {
  it('removes the factors when the wait is over, not before: audited, mailed, all sessions ended (ASVS 6.3.7)', async () => {
    const { user, admin, removesAt } = await asked()
    expect(await runAt(removesAt - 1)).toBe(false)
    expect(await factorsOf(user.id)).toBeGreaterThan(0)
    expect(await runAt(removesAt)).toBe(true)
    expect(await countRows('totp_secrets', 'user_id = ?', user.id)).toBe(0)
    expect(await countRows('sessions', 'user_id = ?', user.id)).toBe(0)
    expect(await auditOf('factors.removed', user.id)).toMatchObject([{ actor_id: admin.id }])
    expect(await countRows('outbox', "recipient = ? and kind = 'factors_removed'", user.email)).toBe(1)
    expect(await runAt(removesAt)).toBe(false)
    const login = await post('/auth/login', { identifier: user.email, password: user.password })
    expect(await login.json()).toMatchObject({ status: 'signed_in' })
  })

  it('tells the user by a mail whose link puts the factors back', async () => {
    const { user, removesAt } = await asked()
    const before = await factorsOf(user.id)
    await runAt(removesAt)
    expect((await pressNotMe(await undoTokenOf(user.email, 'factors_removed'))).status).toBe(204)
    expect(await factorsOf(user.id)).toBe(before)
  })

  it('runs twice at once and removes once', async () => {
    const { user, removesAt } = await asked()
    await Promise.all([runAt(removesAt), runAt(removesAt)])
    expect(await auditOf('factors.removed', user.id)).toHaveLength(1)
    expect(await countRows('outbox', "recipient = ? and kind = 'factors_removed'", user.email)).toBe(1)
  })

  it.each<[string, (user: string, admin: string) => Promise<unknown>]>([
    ['the admin has lost the permission', (_, admin) => rows('delete from user_roles where user_id = ?', admin)],
    ['the admin is deactivated', (_, admin) => deactivate(admin)],
    ['the admin is gone', (_, admin) => rows('delete from users where id = ?', admin)],
    ['the user is deactivated', (user) => deactivate(user)],
    [
      'the user holds more permissions by then',
      (user) => rows("insert into user_roles (user_id, role) values (?, 'admin')", user),
    ],
  ])('drops the removal where %s', async (_, change) => {
    const { user, admin, removesAt } = await asked()
    await change(user.id, admin.id)
    expect(await runAt(removesAt)).toBe(true)
    expect(await factorsOf(user.id)).toBe(2)
    expect(await countRows('sessions', 'user_id = ?', user.id)).toBe(1)
    expect(await countRows('factor_removals', 'user_id = ?', user.id)).toBe(0)
    expect(await auditOf('factors.removal_dropped', user.id)).toHaveLength(1)
  })
})
