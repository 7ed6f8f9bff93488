import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAIL_KEEP_FAILED_SECONDS, MAIL_LEASE_SECONDS, MAIL_RETRY_DELAYS_SECONDS } from '../../../src/config.ts'
import { consumeQueue } from '../../../src/jobs/queue.ts'
import { runScheduled } from '../../../src/jobs/scheduled.ts'
import { MailError } from '../../../src/mail/message.ts'
import { cleanUp } from '../../../src/services/housekeeping.ts'
import { deliverNextMail } from '../../../src/services/mail.ts'
import { callWorker } from '../../support/call-worker.ts'
import { captureLog } from '../../support/captured-log.ts'
import { newEmail, PASSWORD, waitForMail } from '../../support/client.ts'
import { rows } from '../../support/database.ts'
import { interceptEnv } from '../../support/intercept-env.ts'
import { deliveryBench, jobPlatform, outboxRow, putMail } from '../../support/outbox.ts'

const EVERY_MINUTE = '* * * * *'
const fails = (permanent: boolean) => () => Promise.reject(new MailError('smtp 451 RCPT TO', permanent))

async function auditOfMail(id: string) {
  const events = await rows(
    "select * from audit_events where type = 'mail.failed' and json_extract(details, '$.outboxId') = ?",
    id,
  )
  return events.map(({ actor_id, user_id, details }) => ({ actor_id, user_id, details: JSON.parse(String(details)) }))
}

let log: ReturnType<typeof captureLog>
beforeEach(async () => {
  log = captureLog()
  // A delivery takes every mail that is due, so those of other tests must be gone.
  await rows("delete from outbox where state = 'pending'")
})
afterEach(() => {
  log.release()
  vi.restoreAllMocks()
})

describe('a temporary failure', () => {
  it('is tried at least 8 times over at least 24 hours, with pauses that a queue can keep', () => {
    const total = MAIL_RETRY_DELAYS_SECONDS.reduce((sum, delay) => sum + delay, 0)
    expect(MAIL_RETRY_DELAYS_SECONDS.length + 1).toBeGreaterThanOrEqual(8)
    expect(total).toBeGreaterThanOrEqual(24 * 3600)
    expect(Math.max(...MAIL_RETRY_DELAYS_SECONDS)).toBeLessThanOrEqual(12 * 3600)
  })

  it('is tried again when its pause is over, not before, and announced to the queue for that time', async () => {
    const bench = deliveryBench()
    const id = await putMail()
    bench.answer = fails(false)
    await deliverNextMail(bench.platform)
    expect(bench.announced).toEqual([{ ids: [id], delaySeconds: 30 }])
    expect(await outboxRow(id)).toMatchObject({ state: 'pending', attempts: 1, last_error: 'smtp 451 RCPT TO' })
    bench.now += 29_000
    await deliverNextMail(bench.platform)
    expect(bench.sent).toHaveLength(1)
    bench.answer = () => {}
    bench.now += 1_000
    await deliverNextMail(bench.platform)
    expect(bench.sent).toHaveLength(2)
    expect(await outboxRow(id)).toMatchObject({ state: 'delivered', attempts: 2, last_error: null })
  })

  it('is the same mail at each try: the id, the link and the code', async () => {
    const bench = deliveryBench()
    const userId = crypto.randomUUID()
    const tokenId = crypto.randomUUID()
    await rows("insert into users (id, email, created_at) values (?, 'same@example.com', 0)", userId)
    await rows(
      "insert into one_time_tokens (id, user_id, purpose, salt, email, created_at, expires_at) values (?, ?, 'verify_email', 'salt', 'same@example.com', ?, ?)",
      ...[tokenId, userId, bench.now, bench.now + 24 * 3_600_000],
    )
    const id = await putMail({ kind: 'verify_email', recipient: 'same@example.com', token_id: tokenId })
    bench.answer = fails(false)
    await deliverNextMail(bench.platform)
    bench.now += 30_000
    await deliverNextMail(bench.platform)
    expect(bench.sent).toHaveLength(2)
    expect(bench.sent[0]).toEqual(bench.sent[1])
    expect(bench.sent[0]).toMatchObject({ id, to: 'same@example.com' })
    expect(bench.sent[0]?.text).toMatch(/\/verify-email#token=v1\./)
  })

  it('becomes permanent after the last try: the mail is marked as failed, audited and sent to the dead-letter queue, once each', async () => {
    const bench = deliveryBench()
    const id = await putMail({ recipient: 'secret-reader@example.com', user_id: 'user-of-mail' })
    bench.answer = fails(false)
    for (const delay of [...MAIL_RETRY_DELAYS_SECONDS, 0, 0]) {
      await deliverNextMail(bench.platform)
      bench.now += delay * 1000
    }
    expect(bench.sent).toHaveLength(10)
    const about = { outboxId: id, kind: 'account_deleted', attempts: 10, reason: 'smtp 451 RCPT TO' }
    expect(await outboxRow(id)).toMatchObject({ state: 'failed', attempts: 10, last_error: about.reason })
    expect(await auditOfMail(id)).toEqual([{ actor_id: null, user_id: 'user-of-mail', details: about }])
    expect(bench.dead).toEqual([{ ...about, failedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) }])
    const errors = log.texts
      .join('\n')
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(errors.map(({ level, message }) => `${level} ${message}`)).toEqual([
      ...Array(9).fill('error mail delayed'),
      'error mail failed',
    ])
    expect(log.texts.join('\n')).not.toContain('secret-reader')
  })
})

describe('a permanent failure', () => {
  it('is given up at once', async () => {
    const bench = deliveryBench()
    const id = await putMail()
    bench.answer = fails(true)
    await deliverNextMail(bench.platform)
    bench.now += 365 * 86_400_000
    await deliverNextMail(bench.platform)
    expect(bench.sent).toHaveLength(1)
    expect(await outboxRow(id)).toMatchObject({ state: 'failed', attempts: 1 })
    expect(await auditOfMail(id)).toHaveLength(1)
    expect(bench.dead).toHaveLength(1)
  })

  it('is given up and audited also when the dead-letter queue refuses', async () => {
    const refusing = interceptEnv(env as Env, (call, proceed) =>
      call.binding === 'MAIL_DEAD_QUEUE' ? Promise.reject(new Error('queue down')) : proceed(),
    )
    const id = await putMail()
    await deliverNextMail({ ...jobPlatform(refusing), sendMail: fails(true) })
    expect(await outboxRow(id)).toMatchObject({ state: 'failed' })
    expect(await auditOfMail(id)).toHaveLength(1)
    expect(log.texts.join('\n')).toContain('dead-letter queue refused')
  })

  it('is sent again when an operator says so (docs/operations.md)', async () => {
    const bench = deliveryBench()
    const id = await putMail()
    bench.answer = fails(true)
    await deliverNextMail(bench.platform)
    await rows("update outbox set state = 'pending', attempts = 0, next_attempt_at = 0 where id = ?", id)
    bench.answer = () => {}
    await runScheduled(bench.platform, EVERY_MINUTE)
    expect(bench.announced.flatMap(({ ids }) => ids)).toContain(id)
    await deliverNextMail(bench.platform)
    expect(await outboxRow(id)).toMatchObject({ state: 'delivered' })
  })

  it('is kept for thirty days, a delivered mail for one', async () => {
    const bench = deliveryBench()
    const at = bench.now - MAIL_KEEP_FAILED_SECONDS * 1000
    const failed = await putMail({ state: 'failed', next_attempt_at: at + 60_000 })
    const oldFailed = await putMail({ state: 'failed', next_attempt_at: at - 60_000 })
    const delivered = await putMail({ state: 'delivered', next_attempt_at: bench.now - 23 * 3_600_000 })
    const oldDelivered = await putMail({ state: 'delivered', next_attempt_at: bench.now - 25 * 3_600_000 })
    const oldPending = await putMail({ created_at: at - 60_000, next_attempt_at: bench.now + 3_600_000 })
    await cleanUp(bench.platform)
    const left = (await rows('select id from outbox')).map(({ id }) => id)
    expect(left).toEqual(expect.arrayContaining([failed, delivered, oldPending]))
    expect(left).not.toContain(oldFailed)
    expect(left).not.toContain(oldDelivered)
  })
})

describe('a mail is sent only once', () => {
  it('whatever happens after its delivery', async () => {
    const bench = deliveryBench()
    const id = await putMail()
    await deliverNextMail(bench.platform)
    bench.now += 30 * 86_400_000
    await deliverNextMail(bench.platform)
    await runScheduled(bench.platform, EVERY_MINUTE)
    expect(bench.sent).toHaveLength(1)
    expect(bench.announced.flatMap(({ ids }) => ids)).not.toContain(id)
  })

  it('although the queue delivers its message twice, in one batch or in two', async () => {
    const bench = deliveryBench()
    const id = await putMail()
    const message = (messageId: string) => ({
      id: messageId,
      timestamp: new Date(),
      attempts: 1,
      body: { outboxId: id },
    })
    for (const ids of [['1', '2'], ['1']]) {
      const batch = createMessageBatch('postern-development-mail', ids.map(message))
      await consumeQueue(bench.platform, batch)
      const { explicitAcks } = await getQueueResult(batch, createExecutionContext())
      expect(explicitAcks.sort()).toEqual(ids)
    }
    expect(bench.sent).toHaveLength(1)
  })

  it('without waiting for another mail of its batch that stalls', async () => {
    const bench = deliveryBench()
    const [stalled, quick] = [await putMail(), await putMail()]
    const { promise, resolve } = Promise.withResolvers<void>()
    bench.answer = ({ id }) => (id === stalled ? promise : undefined)
    const message = (outboxId: string) => ({ id: outboxId, timestamp: new Date(), attempts: 1, body: { outboxId } })
    const batch = createMessageBatch('postern-development-mail', [message(stalled), message(quick)])
    const consumed = consumeQueue(bench.platform, batch)
    await vi.waitFor(async () => expect(await outboxRow(quick)).toMatchObject({ state: 'delivered' }))
    expect(await outboxRow(stalled)).toMatchObject({ state: 'pending' })
    resolve()
    await consumed
    expect(await outboxRow(stalled)).toMatchObject({ state: 'delivered' })
  })

  it('although several consumers work on it at once', async () => {
    const bench = deliveryBench()
    const id = await putMail()
    bench.answer = () => new Promise((resolve) => setTimeout(resolve, 50))
    await Promise.all(Array.from({ length: 10 }, () => deliverNextMail(bench.platform)))
    expect(bench.sent).toHaveLength(1)
    expect(await outboxRow(id)).toMatchObject({ state: 'delivered', attempts: 1 })
  })

  it('although the database fails for a moment just after it was sent', async () => {
    let failures = 2
    const flaky = interceptEnv(env as Env, (call, proceed) => {
      const records = call.kind === 'd1' && call.sql.some((sql) => /update "outbox" set "state"/.test(sql))
      if (!records || failures === 0) return proceed()
      failures -= 1
      return Promise.reject(new Error('D1_ERROR: storage reset'))
    })
    const bench = deliveryBench(flaky)
    const id = await putMail()
    await deliverNextMail(bench.platform)
    expect(failures).toBe(0)
    expect(await outboxRow(id)).toMatchObject({ state: 'delivered' })
  })
})

describe('a Worker that dies during a delivery', () => {
  it('leaves the mail to the sweep as soon as its lease has run out', async () => {
    const bench = deliveryBench()
    const id = await putMail()
    bench.answer = () => new Promise(() => {})
    void deliverNextMail(bench.platform)
    await vi.waitFor(() => expect(bench.sent).toHaveLength(1))
    bench.answer = () => {}

    bench.now += (MAIL_LEASE_SECONDS - 1) * 1000
    await deliverNextMail(bench.platform)
    await runScheduled(bench.platform, EVERY_MINUTE)
    expect(bench.sent).toHaveLength(1)
    expect(bench.announced.flatMap(({ ids }) => ids)).not.toContain(id)

    bench.now += 61_000
    await runScheduled(bench.platform, EVERY_MINUTE)
    expect(bench.announced.flatMap(({ ids }) => ids)).toContain(id)
    await deliverNextMail(bench.platform)
    expect(await outboxRow(id)).toMatchObject({ state: 'delivered', attempts: 2 })
  })

  it('cannot undo what another delivery has done since, when it comes back late', async () => {
    const bench = deliveryBench()
    const id = await putMail()
    const { promise, reject } = Promise.withResolvers<void>()
    bench.answer = () => promise
    const late = deliverNextMail(bench.platform)
    await vi.waitFor(() => expect(bench.sent).toHaveLength(1))
    bench.now += MAIL_LEASE_SECONDS * 1000
    bench.answer = () => {}
    await deliverNextMail(bench.platform)
    reject(new MailError('smtp 550 RCPT TO', true))
    await late
    expect(await outboxRow(id)).toMatchObject({ state: 'delivered', attempts: 2, last_error: null })
    expect(await auditOfMail(id)).toEqual([])
  })
})

describe('the sweep', () => {
  it('announces only overdue mails, the longest overdue first, a hundred at a time', async () => {
    const bench = deliveryBench()
    const due = bench.now - 120_000
    const overdue: string[] = []
    // More than a hundred mails are due at the same time, so that a page ends between two of them.
    for (let index = 0; index < 230; index += 1)
      overdue.push(await putMail({ next_attempt_at: due + Math.max(0, index - 120) }))
    await putMail({ next_attempt_at: bench.now - 59_000 })
    await putMail({ next_attempt_at: bench.now + 60_000 })
    await putMail({ state: 'failed', next_attempt_at: due })
    await runScheduled(bench.platform, EVERY_MINUTE)
    expect(bench.announced.map(({ ids }) => ids.length)).toEqual([100, 100, 30])
    expect(bench.announced.flatMap(({ ids }) => ids)).toEqual(overdue)
    await rows("delete from outbox where state = 'pending'")
  })

  it('announces urgent mails before others, however long these are overdue', async () => {
    const bench = deliveryBench()
    const ordinary = await putMail({ next_attempt_at: bench.now - 3_600_000 })
    const urgent = await putMail({ next_attempt_at: bench.now - 120_000, priority: 0 })
    await runScheduled(bench.platform, EVERY_MINUTE)
    expect(bench.announced.flatMap(({ ids }) => ids)).toEqual([urgent, ordinary])
  })

  it.each([
    ['its pages', "and (priority, next_attempt_at, id) > (0, 0, '') order by priority, next_attempt_at, id limit 100"],
    ['and a delivery its mail', 'order by priority, next_attempt_at limit 1'],
  ])('finds %s by an index, however many mails there are', async (_what, rest) => {
    const due = "state = 'pending' and priority in (0, 1) and next_attempt_at <= 1"
    const plan = await rows(`explain query plan select id from outbox where ${due} ${rest}`)
    expect(JSON.stringify(plan)).toContain('USING INDEX outbox_due (state=? AND priority=? AND next_attempt_at')
  })

  it('delivers what was registered while the queue refused', async () => {
    const refusing = interceptEnv(env as Env, (call, proceed) =>
      call.binding === 'MAIL_QUEUE' ? Promise.reject(new Error('queue down')) : proceed(),
    )
    const email = newEmail()
    const { status } = await callWorker(refusing, 'POST', '/auth/register', { body: { email, password: PASSWORD } })
    expect(status).toBe(202)
    await rows('update outbox set next_attempt_at = next_attempt_at - 60000 where recipient = ?', email)
    await runScheduled(jobPlatform(), EVERY_MINUTE)
    expect((await waitForMail(email)).text).toContain('/verify-email#token=')
  })
})

describe('a mail that is no longer needed, or not known', () => {
  it('is dropped when its link was used', async () => {
    const bench = deliveryBench()
    const id = await putMail({ kind: 'reset_password', token_id: crypto.randomUUID() })
    await deliverNextMail(bench.platform)
    expect(bench.sent).toEqual([])
    expect(await outboxRow(id)).toMatchObject({ state: 'dropped' })
    expect(bench.dead).toEqual([])
  })

  it('is marked as failed when its link ran out before any server accepted it', async () => {
    const bench = deliveryBench()
    const userId = crypto.randomUUID()
    const tokenId = crypto.randomUUID()
    await rows("insert into users (id, email, created_at) values (?, 'late@example.com', 0)", userId)
    await rows(
      "insert into one_time_tokens (id, user_id, purpose, salt, email, created_at, expires_at) values (?, ?, 'reset_password', 'salt', 'late@example.com', 0, ?)",
      ...[tokenId, userId, bench.now],
    )
    const id = await putMail({ kind: 'reset_password', token_id: tokenId, user_id: userId })
    await deliverNextMail(bench.platform)
    expect(bench.sent).toEqual([])
    expect(await outboxRow(id)).toMatchObject({ state: 'failed', last_error: 'link expired before delivery' })
    expect(await auditOfMail(id)).toMatchObject([{ user_id: userId, details: { kind: 'reset_password' } }])
    expect(bench.dead).toHaveLength(1)
  })

  it('waits for a version of the Worker that knows its kind', async () => {
    const bench = deliveryBench()
    const id = await putMail({ kind: 'of_tomorrow' })
    await deliverNextMail(bench.platform)
    expect(await outboxRow(id)).toMatchObject({ state: 'pending', last_error: 'unknown kind' })
  })
})
