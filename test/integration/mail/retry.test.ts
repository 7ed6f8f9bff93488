import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { MailKind } from '../../../src/mail/message.ts'
import { deliverNextMail } from '../../../src/services/mail.ts'
import { administrator, signedIn, verified } from '../../support/accounts.ts'
import { expectRefusal } from '../../support/answers.ts'
import { bearer, post } from '../../support/client.ts'
import { NOON_MS } from '../../support/clock.ts'
import { auditOf, countRows, mailsSettled, rows } from '../../support/database.ts'
import { deliveryBench, outboxRow, putMail } from '../../support/outbox.ts'

type Person = Awaited<ReturnType<typeof administrator>>
let admin: Person
let helper: Person
beforeAll(async () => {
  admin = await administrator()
  helper = await administrator(['users:write'])
})
// A delivery takes the most urgent mail that is due, so those of other tests must be gone.
beforeEach(mailsSettled)

const HOUR_MS = 3_600_000
const retry = (id: string, by = admin) => by.send('POST', `/mails/${id}/retry`)

/** Puts a mail into the outbox that was given up a while ago. */
const putFailed = (mail: Parameters<typeof putMail>[0] = {}) =>
  putMail({ state: 'failed', attempts: 10, last_error: 'smtp 550 RCPT TO', ...mail })

/** Puts a mail with a link into the outbox that was given up. The link lives until a time. */
async function putFailedLink(userId: string, expiresAt: number): Promise<{ mailId: string; tokenId: string }> {
  const tokenId = crypto.randomUUID()
  await rows(
    "insert into one_time_tokens (id, user_id, purpose, salt, email, created_at, expires_at) values (?, ?, 'reset_password', 'salt', 'somebody@example.com', ?, ?)",
    ...[tokenId, userId, expiresAt - HOUR_MS, expiresAt],
  )
  const kind: MailKind = 'reset_password'
  return { mailId: await putFailed({ kind, user_id: userId, token_id: tokenId }), tokenId }
}

async function newMailOf(userId: string, mailId: string): Promise<string> {
  const events = await auditOf('mail.retried', userId)
  const details = events.map((event) => event.details as { outboxId: string; newOutboxId: string })
  return details.find(({ outboxId }) => outboxId === mailId)?.newOutboxId ?? ''
}

describe('POST /mails/{id}/retry', () => {
  it('sends the same mail as a new one, which is tried as often, and the trail names the administrator', async () => {
    const { id: userId } = await verified()
    const mailId = await putFailed({ user_id: userId, details: JSON.stringify({ time: new Date(NOON_MS) }) })
    const response = await retry(mailId, helper)
    expect([response.status, await response.json()]).toEqual([202, { status: 'mail_sent' }])
    expect(await auditOf('mail.retried', userId)).toMatchObject([{ actor_id: helper.id, user_id: userId }])
    const former = await outboxRow(mailId)
    expect(former).toMatchObject({ state: 'dropped', last_error: 'sent again' })
    const { kind, recipient, mailbox, locale, details } = former
    const fresh = await outboxRow(await newMailOf(userId, mailId))
    expect(fresh).toMatchObject({ kind, recipient, mailbox, locale, details, user_id: userId, last_error: null })
    expect(fresh.state).toMatch(/pending|delivered/)
  })

  it('says in the mail how long its link lives from now on', async () => {
    const bench = deliveryBench()
    const { id: userId } = await verified()
    const { mailId, tokenId } = await putFailedLink(userId, bench.now + HOUR_MS / 2)
    expect((await retry(mailId)).status).toBe(202)
    await mailsSettled()
    const newId = await newMailOf(userId, mailId)
    expect(await outboxRow(newId)).toMatchObject({ token_id: tokenId, kind: 'reset_password', state: 'delivered' })
    await rows("update outbox set state = 'pending', next_attempt_at = 0 where id = ?", newId)
    await deliverNextMail(bench.platform)
    expect(bench.sent).toMatchObject([{ id: newId, text: expect.stringMatching(/\b(29|30) minutes/) }])
  })

  it('sends it once, however many ask at the same time (ASVS 15.4.2)', async () => {
    const { id: userId } = await verified()
    const mailId = await putFailed({ user_id: userId })
    const answers = await Promise.all(Array.from({ length: 20 }, (_, nth) => retry(mailId, nth % 2 ? admin : helper)))
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 202))
      await expectRefusal(answer, 409, 'mail_not_failed')
    expect(await countRows('outbox', 'user_id = ?', userId)).toBe(2)
    expect(await auditOf('mail.retried', userId)).toHaveLength(1)
  })

  it('is refused for a mail whose link has expired or was used, and sends nothing', async () => {
    const { id: userId } = await verified()
    const expired = await putFailedLink(userId, Date.now() - 1)
    const used = await putFailedLink(userId, Date.now() + HOUR_MS)
    await rows('delete from one_time_tokens where id = ?', used.tokenId)
    for (const { mailId } of [expired, used]) {
      await expectRefusal(await retry(mailId), 409, 'mail_link_expired')
      expect((await outboxRow(mailId)).state).toBe('failed')
    }
    expect(await countRows('outbox', 'user_id = ?', userId)).toBe(2)
  })

  it('is refused for a mail that waits, has left or is unknown', async () => {
    for (const state of ['pending', 'delivered', 'dropped']) {
      const mailId = await putMail({ state, next_attempt_at: Date.now() + HOUR_MS })
      await expectRefusal(await retry(mailId), 409, 'mail_not_failed')
      expect((await outboxRow(mailId)).state).toBe(state)
    }
    await expectRefusal(await retry(crypto.randomUUID()), 404, 'not_found')
  })

  it('is refused for a mail to somebody who holds more permissions, and does not tell its state', async () => {
    for (const state of ['failed', 'delivered']) {
      const mailId = await putFailed({ user_id: admin.id, state })
      await expectRefusal(await retry(mailId, helper), 403, 'permission_not_held')
      expect((await outboxRow(mailId)).state).toBe(state)
    }
  })

  it('sends a mail that concerns no account, or one that is gone', async () => {
    const mails = [await putFailed({ user_id: null }), await putFailed({ user_id: crypto.randomUUID() })]
    for (const mailId of mails) expect((await retry(mailId)).status).toBe(202)
  })

  it('is for administrators who may change users', async () => {
    const mailId = await putFailed()
    const reader = await administrator(['users:read', 'audit:read'])
    await expectRefusal(await retry(mailId, reader), 403, 'forbidden')
    const { tokens } = await signedIn()
    await expectRefusal(await post(`/mails/${mailId}/retry`, {}, bearer(tokens.accessToken)), 403, 'forbidden')
    await expectRefusal(await post(`/mails/${mailId}/retry`, {}), 401, 'unauthenticated')
  })
})
