import { describe, expect, it } from 'vitest'
import { canLogIn, mailedToken, SAME_ORIGIN, signedIn, verified } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { bearer, get, logIn, newEmail, PASSWORD, post } from '../support/client.ts'
import { auditOf, countRows, rows } from '../support/database.ts'
import { queryOne } from '../support/stored-state.ts'
import { addPasskey, addTotp, pressNotMe, removeFactor, showFactor, undoTokenOf } from '../support/undo.ts'

const NEW_PASSWORD = 'four other words instead'
const THIEFS_PASSWORD = 'what the thief has chosen'
const DAY_MS = 86_400_000

const emailOf = async (id: string) => String((await queryOne('select email from users where id = ?', id)).email)
const passkeysOf = async (id: string) =>
  (await rows('select id from passkeys where user_id = ? order by id', id)).map((row) => row.id)
const pressed = async (token: string | null) => expect((await pressNotMe(token)).status).toBe(204)
const refused = async (token: string | null) => expectRefusal(await pressNotMe(token), 400, 'invalid_token')

/** Gives the clock another millisecond, so that two events have two times. */
const tick = () => new Promise((resolve) => setTimeout(resolve, 2))

/** Moves an account to another address, as somebody does who is signed in and has both the password and the mailbox. */
async function moveTo(newAddress: string, accessToken: string, password = PASSWORD): Promise<void> {
  await tick()
  const asked = await post('/auth/change-email', { newEmail: newAddress, password }, bearer(accessToken))
  expect(asked.status).toBe(202)
  const token = await mailedToken(newAddress, 'change_email')
  expect((await post('/auth/confirm-email-change', { token })).status).toBe(200)
  await tick()
}

async function changePassword(accessToken: string, from: string, to: string): Promise<void> {
  const body = { currentPassword: from, newPassword: to }
  expect((await post('/auth/change-password', body, bearer(accessToken))).status).toBe(204)
  await tick()
}

/** Sets a password by the newest mail of a reset to an address. */
async function setPassword(email: string, password: string): Promise<void> {
  const token = await mailedToken(email, 'reset_password')
  expect((await post('/auth/reset-password', { token, password })).status).toBe(204)
  await tick()
}

/** A thief has the password and a session. They change the password and the address, and add a passkey. */
async function robbed() {
  const owner = await signedIn()
  await tick()
  const thief = { address: newEmail(), tokens: (await logIn(owner.email)).tokens }
  await changePassword(thief.tokens.accessToken, PASSWORD, THIEFS_PASSWORD)
  await moveTo(thief.address, thief.tokens.accessToken, THIEFS_PASSWORD)
  await addPasskey(thief.address)
  await showFactor(owner.id)
  await tick()
  return { owner, thief }
}

async function expectBackWithOwner({ id, email }: { id: string; email: string }): Promise<void> {
  expect(await emailOf(id)).toBe(email)
  expect(await passkeysOf(id)).toEqual([])
  expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
  for (const password of [PASSWORD, THIEFS_PASSWORD]) expect(await canLogIn(email, password)).toBe(false)
  await setPassword(email, NEW_PASSWORD)
  expect(await canLogIn(email, NEW_PASSWORD)).toBe(true)
}

describe('the thief and the owner take turns', () => {
  it.each(['password_changed', 'email_changed'] as const)(
    'the thief changes password and address and adds a passkey; the owner uses the notice of %s: all of it is undone',
    async (kind) => {
      const { owner, thief } = await robbed()
      await pressed(await undoTokenOf(owner.email, kind))
      expect((await get('/auth/me', bearer(thief.tokens.accessToken))).status).toBe(401)
      const refresh = await post('/auth/refresh', { refreshToken: thief.tokens.refreshToken })
      expect(refresh.status).toBe(401)
      await expectBackWithOwner(owner)
      expect(await canLogIn(thief.address, NEW_PASSWORD)).toBe(false)
      expect(await countRows('outbox', "recipient = ? and kind = 'account_reverted'", owner.email)).toBe(1)
      expect(await countRows('outbox', "recipient = ? and kind = 'address_reverted'", thief.address)).toBe(1)
      expect(await auditOf('account.reverted', owner.id)).toMatchObject([{ actor_id: owner.id }])
    },
  )

  it('after the owner, the thief uses the notices that went to the new address: they are void', async () => {
    const { owner, thief } = await robbed()
    const thiefs = await undoTokenOf(thief.address, 'factor_added')
    await pressed(await undoTokenOf(owner.email, 'email_changed'))
    await refused(thiefs)
    await expectBackWithOwner(owner)
    await refused(thiefs)
  })

  it('the thief uses such a notice first: the link of the owner still takes the account back', async () => {
    const { owner, thief } = await robbed()
    await pressed(await undoTokenOf(thief.address, 'factor_added'))
    expect(await emailOf(owner.id)).toBe(thief.address)
    await pressed(await undoTokenOf(owner.email, 'email_changed'))
    await expectBackWithOwner(owner)
  })

  it('the thief moves on to a further address and uses the link that the first one got: the owner still wins', async () => {
    const { owner, thief } = await robbed()
    const further = newEmail()
    await moveTo(further, thief.tokens.accessToken, THIEFS_PASSWORD)
    const thiefs = await undoTokenOf(thief.address, 'email_changed')
    await pressed(thiefs)
    expect(await emailOf(owner.id)).toBe(thief.address)
    await pressed(await undoTokenOf(owner.email, 'password_changed'))
    await expectBackWithOwner(owner)
    await refused(thiefs)
  })

  it('the notice to the new address of a change has no link, so whoever holds only that one cannot use it', async () => {
    const { thief } = await robbed()
    expect(await undoTokenOf(thief.address, 'new_email_in_use')).toBeNull()
  })

  it('the thief holds a reset and a change of address that wait: both die when the owner acts', async () => {
    const { owner, thief } = await robbed()
    const body = { newEmail: newEmail(), password: THIEFS_PASSWORD }
    await post('/auth/change-email', body, bearer(thief.tokens.accessToken))
    const change = await mailedToken(body.newEmail, 'change_email')
    await post('/auth/forgot-password', { email: thief.address })
    const reset = await mailedToken(thief.address, 'reset_password')
    await pressed(await undoTokenOf(owner.email, 'email_changed'))
    const tried = await post('/auth/reset-password', { token: reset, password: THIEFS_PASSWORD })
    await expectRefusal(tried, 400, 'invalid_token')
    await expectRefusal(await post('/auth/confirm-email-change', { token: change }), 400, 'invalid_token')
    await expectBackWithOwner(owner)
  })

  it('the owner, still signed in, moves the account back by hand: no link of the other address is left', async () => {
    const owner = await signedIn()
    await tick()
    const away = newEmail()
    await moveTo(away, owner.tokens.accessToken)
    await changePassword(owner.tokens.accessToken, PASSWORD, NEW_PASSWORD)
    const others = await undoTokenOf(away, 'password_changed')
    expect(others).not.toBeNull()
    await moveTo(owner.email, owner.tokens.accessToken, NEW_PASSWORD)
    expect(await undoTokenOf(away, 'email_changed')).toBeNull()
    await refused(others)
    expect(await emailOf(owner.id)).toBe(owner.email)
  })

  it('the owner moved to a new address, and a thief who reads the old mailbox uses its link: the factor stays', async () => {
    const owner = await signedIn()
    await addTotp(owner.email, 'the secret of the owner')
    const passkey = await addPasskey(owner.email)
    await showFactor(owner.id)
    await tick()
    await moveTo(newEmail(), owner.tokens.accessToken)
    await pressed(await undoTokenOf(owner.email, 'email_changed'))
    await setPassword(owner.email, THIEFS_PASSWORD)
    const login = await post('/auth/login', { identifier: owner.email, password: THIEFS_PASSWORD })
    expect(await login.json()).toMatchObject({ status: 'mfa_required' })
    expect(await passkeysOf(owner.id)).toEqual([passkey])
  })

  it('the thief removes the factors of the owner: they are put back, and no code that was shown before counts', async () => {
    const owner = await signedIn()
    await addTotp(owner.email, 'the secret of the owner')
    const passkey = await addPasskey(owner.email)
    const before = await queryOne('select * from passkeys where id = ?', passkey)
    await tick()
    await removeFactor(owner.email, 'totp')
    await removeFactor(owner.email, 'passkey')
    await addTotp(owner.email, 'the secret of the thief')
    await tick()
    await pressed(await undoTokenOf(owner.email, 'factor_removed', 'first'))
    const step = Math.floor(Date.now() / 30_000)
    const totp = await queryOne('select seals, last_step from totp_secrets where user_id = ?', owner.id)
    expect(totp.seals).toBe('the secret of the owner')
    expect(Number(totp.last_step)).toBeGreaterThanOrEqual(step - 1)
    expect(await queryOne('select * from passkeys where id = ?', passkey)).toEqual(before)
  })

  it('the thief makes new recovery codes: they die, and the old ones stay dead', async () => {
    const owner = await signedIn()
    const insert = 'insert into recovery_codes (user_id, hash, created_at) values (?, ?, ?)'
    await rows(insert, owner.id, 'kept', Date.now() - 1000)
    await rows(insert, owner.id, 'used', Date.now() - 1000)
    await changePassword(owner.tokens.accessToken, PASSWORD, NEW_PASSWORD)
    await rows("delete from recovery_codes where hash = 'used'")
    await rows(insert, owner.id, 'new', Date.now())
    await pressed(await undoTokenOf(owner.email, 'password_changed'))
    expect(await rows('select hash from recovery_codes where user_id = ?', owner.id)).toEqual([{ hash: 'kept' }])
  })

  it('the owner uses the wrong one of two mails first: until the new password is set, the earlier one still works', async () => {
    const { owner } = await robbed()
    const [earlier, later] = [
      await undoTokenOf(owner.email, 'password_changed'),
      await undoTokenOf(owner.email, 'email_changed'),
    ]
    await pressed(later)
    await pressed(earlier)
    await expectBackWithOwner(owner)
  })

  it('the newest wins: once the owner has set a new password after an undo, an older notice undoes nothing', async () => {
    const { owner } = await robbed()
    const older = await undoTokenOf(owner.email, 'password_changed')
    await pressed(await undoTokenOf(owner.email, 'email_changed'))
    await setPassword(owner.email, NEW_PASSWORD)
    await refused(older)
    expect(await canLogIn(owner.email, NEW_PASSWORD)).toBe(true)
  })

  it('a reset that no undo asked for voids no notice', async () => {
    const { email } = await signedIn()
    await addPasskey(email)
    await tick()
    await post('/auth/forgot-password', { email })
    await setPassword(email, NEW_PASSWORD)
    await pressed(await undoTokenOf(email, 'factor_added'))
  })

  it('somebody signs up with the address that the account gave up: they are told by mail alone, and the undo works', async () => {
    const { owner } = await robbed()
    const answer = await post('/auth/register', { email: owner.email, password: THIEFS_PASSWORD })
    expect(answer.status).toBe(202)
    expect(await countRows('outbox', "recipient = ? and kind = 'address_reserved'", owner.email)).toBe(1)
    const other = await signedIn()
    const asked = { newEmail: owner.email, password: PASSWORD }
    expect((await post('/auth/change-email', asked, bearer(other.tokens.accessToken))).status).toBe(202)
    expect(await countRows('one_time_tokens', "email = ? and purpose = 'change_email'", owner.email)).toBe(0)
    await pressed(await undoTokenOf(owner.email, 'email_changed'))
    await expectBackWithOwner(owner)
  })

  it('somebody confirms that address with a link from before it was given up: it is refused', async () => {
    const owner = await signedIn()
    const wanted = newEmail()
    const other = await signedIn()
    const asked = { newEmail: wanted, password: PASSWORD }
    await post('/auth/change-email', asked, bearer(other.tokens.accessToken))
    const late = await mailedToken(wanted, 'change_email')
    await moveTo(wanted, owner.tokens.accessToken)
    await moveTo(newEmail(), owner.tokens.accessToken)
    await expectRefusal(await post('/auth/confirm-email-change', { token: late }), 400, 'invalid_token')
    expect(await emailOf(other.id)).toBe(other.email)
    await pressed(await undoTokenOf(wanted, 'email_changed'))
    expect(await emailOf(owner.id)).toBe(wanted)
  })

  it('a provider that somebody linked is removed, and the one that was there before stays', async () => {
    const owner = await signedIn()
    const insert = `insert into identities (id, user_id, provider, issuer, subject, how, created_at, last_used_at)
      values (?, ?, ?, 'https://id.example', ?, 'linked', ?, 0)`
    const [mine, thiefs] = [crypto.randomUUID(), crypto.randomUUID()]
    await rows(insert, mine, owner.id, 'github', mine, Date.now() - 1000)
    await changePassword(owner.tokens.accessToken, PASSWORD, NEW_PASSWORD)
    await rows(insert, thiefs, owner.id, 'google', thiefs, Date.now())
    await pressed(await undoTokenOf(owner.email, 'password_changed'))
    expect(await rows('select id from identities where user_id = ?', owner.id)).toEqual([{ id: mine }])
  })

  it('what was added by a request that began before the event and ended after it is removed too', async () => {
    const owner = await signedIn()
    const began = Date.now()
    await tick()
    await changePassword(owner.tokens.accessToken, PASSWORD, NEW_PASSWORD)
    const late = await addPasskey(owner.email)
    await rows('update passkeys set created_at = ? where id = ?', began, late)
    await pressed(await undoTokenOf(owner.email, 'password_changed'))
    expect(await passkeysOf(owner.id)).toEqual([])
  })
})

describe('POST /auth/not-me', () => {
  it('lets one of fifty at once act, which mails once', async () => {
    const { owner } = await robbed()
    const token = await undoTokenOf(owner.email, 'email_changed')
    const answers = await Promise.all(Array.from({ length: 50 }, () => pressNotMe(token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array(49).fill(400)])
    expect(await auditOf('account.reverted', owner.id)).toHaveLength(1)
    expect(await countRows('outbox', "recipient = ? and kind = 'account_reverted'", owner.email)).toBe(1)
    await expectBackWithOwner(owner)
  })

  it('lets one of two notices of one account act at a time, and the result is that of the earlier event', async () => {
    const { owner } = await robbed()
    const tokens = [await undoTokenOf(owner.email, 'password_changed'), await undoTokenOf(owner.email, 'email_changed')]
    await Promise.all(tokens.map(pressNotMe))
    await expectBackWithOwner(owner)
  })

  it('is used once', async () => {
    const { owner } = await robbed()
    const token = await undoTokenOf(owner.email, 'email_changed')
    await pressed(token)
    await refused(token)
  })

  it('works for seven days', async () => {
    const { owner } = await robbed()
    const token = await undoTokenOf(owner.email, 'email_changed')
    const whenIts = "user_id = ? and purpose = 'not_me' and email = ?"
    const lives = await rows(
      `select expires_at - created_at as ms from one_time_tokens where ${whenIts}`,
      owner.id,
      owner.email,
    )
    expect(lives.map(({ ms }) => Math.round(Number(ms) / DAY_MS))).toEqual([7, 7])
    await rows(`update one_time_tokens set expires_at = ? where ${whenIts}`, Date.now(), owner.id, owner.email)
    await refused(token)
  })

  it('does nothing on a GET, and takes no token of another purpose', async () => {
    const { email } = await signedIn()
    await post('/auth/forgot-password', { email })
    await refused(await mailedToken(email, 'reset_password'))
    expect((await get('/auth/not-me')).status).toBe(405)
  })

  it('is refused while the account is deactivated, and works again when it is active', async () => {
    const { owner } = await robbed()
    const token = await undoTokenOf(owner.email, 'email_changed')
    await rows("update users set status = 'deactivated' where id = ?", owner.id)
    await refused(token)
    expect(await emailOf(owner.id)).not.toBe(owner.email)
    await rows("update users set status = 'active' where id = ?", owner.id)
    await pressed(token)
  })

  it('has no link in the notices of an account whose address nobody verified', async () => {
    const { id, email, tokens } = await signedIn()
    await rows('update users set email_verified_at = null where id = ?', id)
    await changePassword(tokens.accessToken, PASSWORD, NEW_PASSWORD)
    expect(await undoTokenOf(email, 'password_changed')).toBeNull()
  })

  it('needs no session, and ends that of the browser which asks', async () => {
    const { email } = await verified()
    const login = await post('/auth/login', { identifier: email, password: PASSWORD, delivery: 'cookie' })
    const cookie = login.headers
      .getSetCookie()
      .map((value) => value.split(';')[0])
      .join('; ')
    await addPasskey(email)
    const token = await undoTokenOf(email, 'factor_added')
    const answer = await post('/auth/not-me', { token }, { ...SAME_ORIGIN, Cookie: cookie })
    expect(answer.status).toBe(204)
    expect((await get('/auth/me', { Cookie: cookie })).status).toBe(401)
  })
})
