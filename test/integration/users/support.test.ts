import { beforeAll, describe, expect, it } from 'vitest'
import { MAIL_MAX_PER_KIND_AND_HOUR } from '../../../src/config.ts'
import { UserNote } from '../../../src/contracts/user-administration.ts'
import { administrator, canLogIn, mailedToken, registered, signedIn, verified } from '../../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { bearer, get, PASSWORD, post } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'

type Person = Awaited<ReturnType<typeof administrator>>
let admin: Person
let helper: Person
beforeAll(async () => {
  admin = await administrator()
  helper = await administrator(['users:write'])
})

const mail = (id: string, kind: string, by = admin) => by.send('POST', `/users/${id}/mails`, { kind })
const demandReset = (id: string, by = admin) => by.send('POST', `/users/${id}/password-reset`)
const NEW_PASSWORD = 'an entirely new password'

/** Makes an account that signs in by a provider alone. */
async function withoutPassword() {
  const account = await verified()
  await rows('update users set password_hash = null, password_changed_at = null where id = ?', account.id)
  return account
}

describe('POST /users/{id}/mails', () => {
  it('mails the link that confirms an address, and the trail names the administrator', async () => {
    const { id, email } = await registered()
    expect((await mail(id, 'verification', helper)).status).toBe(202)
    expect(await countRows('outbox', "kind = 'verify_email' and user_id = ?", id)).toBe(2)
    const asked = await auditOf('email.verification_requested', id)
    expect(asked).toMatchObject([{ actor_id: helper.id, user_id: id }])
    expect((await post('/auth/verify-email', { token: await mailedToken(email, 'verify_email') })).status).toBe(200)
    await expectRefusal(await mail(id, 'verification'), 409, 'already_verified')
  })

  it('mails the link that sets a new password, and leaves the old one as it is', async () => {
    const { id, email, password } = await verified()
    expect((await mail(id, 'password_reset', helper)).status).toBe(202)
    expect(await auditOf('password.reset_requested', id)).toMatchObject([{ actor_id: helper.id }])
    expect(await canLogIn(email, password)).toBe(true)
    const token = await mailedToken(email, 'reset_password')
    await expectNoContent(await post('/auth/reset-password', { token, password: NEW_PASSWORD }))
  })

  it('sends nothing beyond the limit of the mailbox, and says so', async () => {
    const { id } = await verified()
    for (let count = 0; count < MAIL_MAX_PER_KIND_AND_HOUR; count += 1)
      expect((await mail(id, 'password_reset')).status).toBe(202)
    await expectRefusal(await mail(id, 'password_reset'), 429, 'rate_limited')
    expect(await auditOf('password.reset_requested', id)).toHaveLength(MAIL_MAX_PER_KIND_AND_HOUR)
  })

  it('sends nothing to somebody who is deactivated, unknown, or holds more permissions', async () => {
    const { id } = await verified()
    await admin.send('PATCH', `/users/${id}`, { status: 'deactivated' })
    await expectRefusal(await mail(id, 'password_reset'), 404, 'not_found')
    await expectRefusal(await mail(crypto.randomUUID(), 'password_reset'), 404, 'not_found')
    await expectRefusal(await mail(admin.id, 'password_reset', helper), 403, 'permission_not_held')
    expect(await countRows('outbox', "kind = 'reset_password' and user_id in (?, ?)", id, admin.id)).toBe(0)
  })
})

describe('POST /users/{id}/password-reset', () => {
  it('ends every session and every link, and lets in only a password that is set by mail', async () => {
    const person = await signedIn()
    await post('/auth/forgot-password', { email: person.email })
    const before = await mailedToken(person.email, 'reset_password')
    await expectNoContent(await demandReset(person.id, helper))
    const { accessToken, refreshToken } = person.tokens
    await expectRefusal(await get('/auth/session', bearer(accessToken)), 401, 'unauthenticated')
    await expectRefusal(await post('/auth/refresh', { refreshToken }), 401, 'invalid_refresh_token')
    const stale = await post('/auth/reset-password', { token: before, password: NEW_PASSWORD })
    await expectRefusal(stale, 400, 'invalid_token')
    expect(await canLogIn(person.email, PASSWORD)).toBe(false)
    expect(await auditOf('password.reset_required', person.id)).toMatchObject([{ actor_id: helper.id }])
    // The right password of before gets its owner one more link.
    const token = await mailedToken(person.email, 'reset_password')
    await expectNoContent(await post('/auth/reset-password', { token, password: NEW_PASSWORD }))
    expect(await canLogIn(person.email, NEW_PASSWORD)).toBe(true)
  })

  it('can be asked for twice, at once or later', async () => {
    const { id, email } = await verified()
    const answers = await Promise.all([demandReset(id), demandReset(id, helper)])
    expect(answers.map(({ status }) => status)).toEqual([204, 204])
    await expectNoContent(await demandReset(id))
    expect(await countRows('one_time_tokens', "purpose = 'reset_password' and user_id = ?", id)).toBe(1)
    expect(await canLogIn(email, PASSWORD)).toBe(false)
  })

  it('is refused for an account without a password, for one that is unknown, and for somebody who holds more', async () => {
    const { id } = await withoutPassword()
    await expectRefusal(await demandReset(id), 409, 'password_not_set')
    await expectRefusal(await demandReset(crypto.randomUUID()), 404, 'not_found')
    await expectRefusal(await demandReset(admin.id, helper), 403, 'permission_not_held')
    expect((await admin.send('GET', '/auth/me')).status).toBe(200)
    expect(await countRows('users', 'id in (?, ?) and password_reset_required_at is not null', id, admin.id)).toBe(0)
  })
})

describe('PUT /users/{id}/note', () => {
  const TEXT = 'Called on Monday: lost the phone.'
  const readNote = async (id: string) => await answerOf(await admin.send('GET', `/users/${id}/note`), UserNote)

  it('keeps what administrators note, until they remove it', async () => {
    const { id } = await verified()
    expect(await readNote(id)).toEqual({ note: null, changedAt: null, changedBy: null })
    const kept = await answerOf(await helper.send('PUT', `/users/${id}/note`, { note: ` ${TEXT} ` }), UserNote)
    expect(kept).toEqual({ note: TEXT, changedAt: expect.any(String), changedBy: helper.id })
    expect(await readNote(id)).toEqual(kept)
    await admin.send('PUT', `/users/${id}/note`, { note: 'Solved.' })
    expect(await readNote(id)).toMatchObject({ note: 'Solved.', changedBy: admin.id })
    await admin.send('PUT', `/users/${id}/note`, { note: null })
    expect((await readNote(id)).note).toBeNull()
    expect(await auditOf('user.note_changed', id)).toMatchObject([
      { actor_id: helper.id, details: { isRemoved: false } },
      { actor_id: admin.id, details: { isRemoved: false } },
      { actor_id: admin.id, details: { isRemoved: true } },
    ])
  })

  it('is shown to nobody by any other route, and goes with the account', async () => {
    const person = await signedIn()
    await admin.send('PUT', `/users/${person.id}/note`, { note: TEXT })
    const own = await get('/auth/me', bearer(person.tokens.accessToken))
    const administered = await admin.send('GET', `/users/${person.id}`)
    const trail = await admin.send('GET', `/audit-events?userId=${person.id}`)
    for (const response of [own, administered, trail]) {
      expect(response.status).toBe(200)
      expect(await response.text()).not.toContain('Monday')
    }
    await expectRefusal(await get(`/users/${person.id}/note`, bearer(person.tokens.accessToken)), 403, 'forbidden')
    await expectNoContent(await admin.send('DELETE', `/users/${person.id}`))
    expect(await countRows('user_notes', 'user_id = ?', person.id)).toBe(0)
  })

  it('is refused about somebody who is unknown or holds more, and where it is too long', async () => {
    const { id } = await verified()
    await expectRefusal(await admin.send('GET', `/users/${crypto.randomUUID()}/note`), 404, 'not_found')
    const put = (userId: string, note: string, by = admin) => by.send('PUT', `/users/${userId}/note`, { note })
    await expectRefusal(await put(crypto.randomUUID(), TEXT), 404, 'not_found')
    await expectRefusal(await put(admin.id, TEXT, helper), 403, 'permission_not_held')
    await expectRefusal(await put(id, 'x'.repeat(1001)), 400, 'invalid_request')
    expect(await countRows('user_notes', 'user_id in (?, ?)', id, admin.id)).toBe(0)
  })
})

describe('what an administrator does to somebody', () => {
  it('signs them out of remembered devices too, and tells them only where they were signed in', async () => {
    const [absent, present] = [await verified(), await signedIn()]
    await rows(
      "insert into trusted_devices (id, user_id, credentials_version, created_at) values (?, ?, '', 1)",
      crypto.randomUUID(),
      present.id,
    )
    for (const { id } of [absent, present]) await expectNoContent(await admin.send('DELETE', `/users/${id}/sessions`))
    expect(await countRows('outbox', "kind = 'signed_out' and user_id = ?", absent.id)).toBe(0)
    expect(await countRows('outbox', "kind = 'signed_out' and user_id = ?", present.id)).toBe(1)
    expect(await countRows('trusted_devices', 'user_id = ?', present.id)).toBe(0)
  })

  it('is told without the device and the place of the administrator (ASVS 14.2.1)', async () => {
    const { id } = await verified()
    await admin.send('PATCH', `/users/${id}`, { name: 'Ada', status: 'deactivated' })
    await admin.send('PATCH', `/users/${id}`, { status: 'active' })
    await admin.send('PUT', `/users/${id}/roles`, { roles: [] })
    const mails = await rows('select kind, details from outbox where user_id = ? order by kind', id)
    expect(mails).toEqual([
      { kind: 'account_deactivated', details: '{}' },
      { kind: 'account_reactivated', details: '{}' },
      { kind: 'profile_changed', details: '{}' },
      { kind: 'roles_changed', details: '{"roles":"user"}' },
    ])
  })
})
