import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { MAIL_MAX_PER_KIND_AND_HOUR } from '../../../src/config.ts'
import { newId } from '../../../src/services/identifiers.ts'
import { deliverNextMail, sweepOutbox, takeMailTurn } from '../../../src/services/mail.ts'
import { enqueueNoticeStatement } from '../../../src/storage/mail.ts'
import { signedIn, verified } from '../../support/accounts.ts'
import { expectRefusal } from '../../support/answers.ts'
import { codeIn, get, newEmail, PASSWORD, post, tokenIn, waitForMail } from '../../support/client.ts'
import { countRows, mailsSettled, rows } from '../../support/database.ts'
import { deliveryBench, jobPlatform, putMail } from '../../support/outbox.ts'

const HOUR_MS = 3_600_000
const many = <Value>(count: number, make: (index: number) => Value) =>
  Array.from({ length: count }, (_, index) => make(index))
const mailsOf = (recipient: string, kind: string) => countRows('outbox', 'recipient = ? and kind = ?', recipient, kind)

/** Makes all mails to a recipient an hour older. */
const anHourLater = (recipient: string) =>
  rows('update outbox set created_at = created_at - 3600001 where recipient = ?', recipient)

describe('a recipient gets at most five mails of a kind an hour', () => {
  it('also when many requests come at once, in any spelling of the address', async () => {
    const { email } = await verified()
    const spellings = [email, email.toUpperCase(), ` ${email} `]
    const answers = await Promise.all(
      many(30, (index) => post('/auth/forgot-password', { email: spellings[index % 3] })),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    expect(await mailsOf(email, 'reset_password')).toBe(5)
    await mailsSettled()
  })

  it('counted for the mailbox with all its +tags, although their accounts are different', async () => {
    const name = newEmail().split('@')[0]
    const inbox = `${name}@example.com`
    const tagged = many(7, (index) => `${name}+tag${index}@example.com`)
    await Promise.all(tagged.map((email) => post('/auth/register', { email, password: PASSWORD })))
    expect(await countRows('outbox', "mailbox = ? and kind = 'verify_email'", inbox)).toBe(5)
    await post('/auth/register', { email: inbox, password: PASSWORD })
    expect(await mailsOf(inbox, 'verify_email')).toBe(0)
    await post('/auth/register', { email: `${name}.else@example.com`, password: PASSWORD })
    expect(await mailsOf(`${name}.else@example.com`, 'verify_email')).toBe(1)
    await mailsSettled()
  })

  it('counted for each kind and each recipient separately', async () => {
    const first = await verified()
    const second = await verified()
    await Promise.all(many(7, () => post('/auth/forgot-password', { email: first.email })))
    await post('/auth/register', { email: first.email, password: PASSWORD })
    await post('/auth/forgot-password', { email: second.email })
    expect(await mailsOf(first.email, 'reset_password')).toBe(5)
    expect(await mailsOf(first.email, 'already_registered')).toBe(1)
    expect(await mailsOf(second.email, 'reset_password')).toBe(1)
    await mailsSettled()
  })

  it('and gets more when the hour is over', async () => {
    const { email } = await verified()
    await Promise.all(many(6, () => post('/auth/forgot-password', { email })))
    await anHourLater(email)
    await post('/auth/forgot-password', { email })
    expect(await mailsOf(email, 'reset_password')).toBe(6)
    await mailsSettled()
  })

  it('so that the last code that arrived still works after a flood', async () => {
    const email = newEmail()
    await post('/auth/register', { email, password: PASSWORD })
    for (let index = 0; index < 9; index += 1) await post('/auth/resend-verification', { email })
    await mailsSettled()
    const newest = 'select id from outbox where recipient = ? order by created_at desc, id desc limit 1'
    const [{ id = '' } = {}] = await rows<{ id: string }>(newest, email)
    const mail = await waitForMail(email, (found) => found.id === id)
    expect((await post('/auth/verify-email', { email, code: codeIn(mail) })).status).toBe(200)
  })

  it('and requests beyond that are answered like those for an unknown address (ASVS 6.3.8)', async () => {
    const { email } = await verified()
    await Promise.all(many(6, () => post('/auth/forgot-password', { email })))
    const limited = await post('/auth/forgot-password', { email })
    const unknown = await post('/auth/forgot-password', { email: 'nobody@example.com' })
    expect([limited.status, await limited.text()]).toEqual([unknown.status, await unknown.text()])
    await mailsSettled()
  })
})

describe('a notice of a fact', () => {
  const db = jobPlatform().db
  const enqueue = (recipient: string, createdAt: number) =>
    enqueueNoticeStatement(
      db,
      { id: newId(), kind: 'new_device', recipient, userId: null, locale: 'en', createdAt },
      sql`true`,
    )
  const dueTimes = async (recipient: string) =>
    (
      await rows<{ due: number }>(
        'select next_attempt_at as due from outbox where recipient = ? order by due',
        recipient,
      )
    ).map(({ due }) => due)

  it('is delayed beyond the limit instead of being dropped, until there were ten in two hours', async () => {
    const now = Date.now()
    await Promise.all(many(14, () => enqueue('flooded@example.com', now)))
    expect(await dueTimes('flooded@example.com')).toEqual([...Array(5).fill(now), ...Array(5).fill(now + HOUR_MS)])
  })

  it('is delayed for the whole mailbox, whatever +tags the accounts have', async () => {
    const now = Date.now()
    await Promise.all(many(7, (index) => enqueue(`Tagged+${index}@example.com`, now)))
    expect(
      await rows(
        'select count(*) as count from outbox where mailbox = ? and created_at > ?',
        'tagged@example.com',
        now,
      ),
    ).toEqual([{ count: 2 }])
    await rows("delete from outbox where state = 'pending'")
  })

  it('is counted for the whole address where nothing stands before its +tag', async () => {
    const now = Date.now()
    await enqueue('+only@example.com', now)
    expect(await countRows('outbox', 'mailbox = ?', '+only@example.com')).toBe(1)
    await rows("delete from outbox where state = 'pending'")
  })

  it('never arrives more than five times within any hour', async () => {
    const start = Date.now()
    const times = many(60, (index) => start + index * 7 * 60_000)
    for (const time of times) await enqueue('steady@example.com', time)
    const due = await dueTimes('steady@example.com')
    for (const time of due)
      expect(due.filter((other) => other >= time && other < time + HOUR_MS).length).toBeLessThanOrEqual(
        MAIL_MAX_PER_KIND_AND_HOUR,
      )
    expect(due.length).toBeGreaterThan(30)
  })

  it('is sent by the sweep when its delay is over', async () => {
    const bench = deliveryBench()
    await rows("delete from outbox where state = 'pending'")
    await Promise.all(many(6, () => enqueue('patient@example.com', bench.now)))
    const [{ id = '' } = {}] = await rows<{ id: string }>(
      "select id from outbox where recipient = 'patient@example.com' order by next_attempt_at desc limit 1",
    )
    await Promise.all(many(6, () => deliverNextMail(bench.platform)))
    expect(bench.sent).toHaveLength(5)
    expect(bench.sent.map((mail) => mail.id)).not.toContain(id)
    bench.now += HOUR_MS
    await sweepOutbox(bench.platform, bench.now)
    expect(bench.announced.flatMap(({ ids }) => ids)).toEqual([id])
    await deliverNextMail(bench.platform)
    expect(bench.sent.slice(5).map((mail) => mail.id)).toEqual([id])
  })

  it('keeps its place until then, and takes the place of no other mail', async () => {
    const bench = deliveryBench()
    await rows("delete from outbox where state = 'pending'")
    const waiting = await putMail({ next_attempt_at: bench.now + 2500 })
    const due = await putMail()
    for (const id of [waiting, due]) await takeMailTurn(bench.platform, id)
    expect(bench.sent.map(({ id }) => id)).toEqual([due])
    expect(bench.announced).toEqual([{ ids: [waiting], delaySeconds: 3 }])

    bench.now += 3000
    const another = await putMail()
    for (const id of [another, waiting]) await takeMailTurn(bench.platform, id)
    expect(bench.sent.map(({ id }) => id).sort()).toEqual([waiting, due, another])
    expect(bench.announced).toHaveLength(1)
  })

  it('is delayed also where somebody changes the password again and again', async () => {
    const { email, tokens } = await signedIn()
    let password = PASSWORD
    for (let index = 0; index < 6; index += 1) {
      const newPassword = `${PASSWORD} ${index}`
      const body = { currentPassword: password, newPassword }
      const response = await post('/auth/change-password', body, { Authorization: `Bearer ${tokens.accessToken}` })
      expect(response.status).toBe(204)
      password = newPassword
    }
    expect(await mailsOf(email, 'password_changed')).toBe(6)
    const waiting =
      "recipient = ? and kind = 'password_changed' and next_attempt_at > created_at - 1 and created_at > ?"
    expect(await countRows('outbox', waiting, email, Date.now() + HOUR_MS / 2)).toBe(1)
    await rows("delete from outbox where state = 'pending'")
  })
})

describe('the code of a mail (CapSoftware/Cap#2221)', () => {
  /** Asks for a change of address, and answers the mail that goes to the new one. */
  async function changeOf(address: string) {
    const account = await signedIn()
    const body = { newEmail: address, password: PASSWORD }
    const headers = { Authorization: `Bearer ${account.tokens.accessToken}` }
    expect((await post('/auth/change-email', body, headers)).status).toBe(202)
    const { id } = account.user
    const mail = await waitForMail(address, (found) => found.text.includes('/confirm-email-change#token='))
    return { id, mail, headers }
  }
  const confirm = (email: string, code: string) => post('/auth/confirm-email-change', { email, code })
  const otherThan = (code: string, index: number) => String((Number(code) + index) % 10 ** 8).padStart(8, '0')

  it('confirms a new address, with that address, once', async () => {
    const email = newEmail()
    const { id, mail, headers } = await changeOf(email)
    expect((await confirm(email.toUpperCase(), codeIn(mail))).status).toBe(200)
    expect(await rows('select email from users where id = ?', id)).toEqual([{ email }])
    await expectRefusal(await confirm(email, codeIn(mail)), 400, 'invalid_token')
    expect((await get('/auth/me', headers)).status).toBe(200)
  })

  it('is refused after five wrong guesses, even if it is right, while the link still works', async () => {
    const email = newEmail()
    const { mail } = await changeOf(email)
    for (let index = 1; index <= 5; index += 1)
      expect((await confirm(email, otherThan(codeIn(mail), index))).status).toBe(400)
    expect((await confirm(email, codeIn(mail))).status).toBe(400)
    expect((await post('/auth/confirm-email-change', { token: tokenIn(mail) })).status).toBe(200)
  })

  it('is compared five times at most when fifty guesses come at once', async () => {
    const email = newEmail()
    const { mail } = await changeOf(email)
    const answers = await Promise.all(many(50, (index) => confirm(email, otherThan(codeIn(mail), index + 1))))
    expect(answers.filter(({ status }) => status === 200)).toEqual([])
    const attempts =
      "select sum(attempts) as attempts from one_time_tokens where email = ? and purpose = 'change_email'"
    expect(await rows(attempts, email)).toEqual([{ attempts: 5 }])
  })

  it('still works after another account has asked for the same new address', async () => {
    const email = newEmail()
    const victim = await changeOf(email)
    const attacker = await signedIn()
    await post(
      '/auth/change-email',
      { newEmail: email, password: PASSWORD },
      { Authorization: `Bearer ${attacker.tokens.accessToken}` },
    )
    expect((await confirm(email, codeIn(victim.mail))).status).toBe(200)
    expect(await rows('select id from users where email = ?', email)).toEqual([{ id: victim.id }])
    await mailsSettled()
  })

  it('is refused for another purpose, and with the old address', async () => {
    const email = newEmail()
    const { mail } = await changeOf(email)
    const code = codeIn(mail)
    const [{ old = '' } = {}] = await rows<{ old: string }>(
      'select u.email as old from users u join one_time_tokens t on t.user_id = u.id where t.email = ?',
      email,
    )
    expect((await confirm(old, code)).status).toBe(400)
    expect((await post('/auth/verify-email', { email, code })).status).toBe(400)
    expect((await post('/auth/reset-password', { email, code, password: `${PASSWORD} new` })).status).toBe(400)
    expect((await post('/auth/confirm-email-change', { token: tokenIn(mail), email, code })).status).toBe(400)
    expect((await confirm(email, code)).status).toBe(200)
  })
})
