import { createMessageBatch } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAIL_RETRY_DELAYS_SECONDS, URGENT_MAIL_KINDS } from '../../../src/config.ts'
import { consumeQueue } from '../../../src/jobs/queue.ts'
import { MAIL_KINDS, MailError, MailThrottledError, type OutgoingMail } from '../../../src/mail/message.ts'
import { respectPauses } from '../../../src/platform/mail-pause.ts'
import { deliverNextMail } from '../../../src/services/mail.ts'
import { signedUp } from '../../support/accounts.ts'
import { captureLog } from '../../support/captured-log.ts'
import { PASSWORD, post } from '../../support/client.ts'
import { countRows, mailsSettled, rows } from '../../support/database.ts'
import { deliveryBench, jobPlatform, outboxRow, putMail } from '../../support/outbox.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const RESET = { kind: 'reset_password', priority: 0 }
const SIGN_UP = { kind: 'verify_email', priority: 1 }
const many = <Value>(count: number, make: (index: number) => Value) =>
  Array.from({ length: count }, (_, index) => make(index))

let log: ReturnType<typeof captureLog>
beforeEach(async () => {
  log = captureLog()
  await rows("delete from outbox where state = 'pending'")
})
afterEach(() => {
  log.release()
  vi.restoreAllMocks()
})

describe('a rate limit of the mail API (429)', () => {
  it('does not count as a try: the mail waits as long as the API says, however often it says so', async () => {
    const bench = deliveryBench()
    const id = await putMail()
    bench.answer = () => Promise.reject(new MailThrottledError('resend 429 rate_limit_exceeded', 90_000))
    for (let times = 0; times < 20; times += 1) {
      await deliverNextMail(bench.platform)
      expect(bench.sent).toHaveLength(times + 1)
      expect(await outboxRow(id)).toMatchObject({ state: 'pending', attempts: 0, next_attempt_at: bench.now + 90_000 })
      expect(bench.announced.at(-1)).toEqual({ ids: [id], delaySeconds: 90 })
      bench.now += 89_000
      await deliverNextMail(bench.platform)
      expect(bench.sent).toHaveLength(times + 1)
      bench.now += 1_000
    }
    bench.answer = () => {}
    await deliverNextMail(bench.platform)
    expect(await outboxRow(id)).toMatchObject({ state: 'delivered', attempts: 1, last_error: null })
  })

  it('leaves the number of tries as it was when it comes between two failures', async () => {
    const bench = deliveryBench()
    const id = await putMail({ attempts: 3 })
    bench.answer = () => Promise.reject(new MailThrottledError('resend 429', 60_000))
    await deliverNextMail(bench.platform)
    expect(await outboxRow(id)).toMatchObject({ attempts: 3 })
    bench.now += 60_000
    bench.answer = () => Promise.reject(new MailError('resend 500', false))
    await deliverNextMail(bench.platform)
    expect(await outboxRow(id)).toMatchObject({ attempts: 4, next_attempt_at: bench.now + 15 * 60_000 })
  })
})

describe('jitter', () => {
  it('spreads the next tries of mails that failed together, over half their pause and within what a queue can hold', async () => {
    const bench = deliveryBench()
    bench.answer = () => Promise.reject(new MailError('smtp 451 RCPT TO', false))
    for (const [index, seconds] of MAIL_RETRY_DELAYS_SECONDS.entries()) {
      for (const [random, factor] of [
        [0, 1],
        [0.5, 1.25],
        [0.9999, 1.5],
      ] as const) {
        await rows("delete from outbox where state = 'pending'")
        const id = await putMail({ attempts: index })
        bench.random = random
        await deliverNextMail(bench.platform)
        const { delaySeconds = 0 } = bench.announced.at(-1) ?? {}
        expect(Math.abs(delaySeconds - seconds * factor)).toBeLessThan(5)
        expect(delaySeconds).toBeLessThanOrEqual(12 * 3600)
        expect(await outboxRow(id)).toMatchObject({ next_attempt_at: bench.now + delaySeconds * 1000 })
      }
    }
  })

  it('spreads the messages that are retried because the database failed', async () => {
    const platform = { ...jobPlatform(), random: () => 0.5 }
    vi.spyOn(platform.db, 'batch').mockRejectedValue(new Error('D1_ERROR: overloaded'))
    const retried: unknown[] = []
    const message = { id: '1', timestamp: new Date(), attempts: 1, body: { outboxId: 'any' } }
    const batch = createMessageBatch('postern-development-mail', [message])
    vi.spyOn(batch.messages[0] as Message, 'retry').mockImplementation((options) => void retried.push(options))
    await consumeQueue(platform, batch)
    expect(retried).toEqual([{ delaySeconds: 38 }])
  })
})

describe('resets and codes', () => {
  it('are marked as urgent when they are asked for, and what a sign-up sends is not', async () => {
    const { email } = await signedUp()
    await post('/auth/forgot-password', { email })
    await post('/auth/register', { email, password: PASSWORD })
    await mailsSettled()
    expect(await rows('select kind, priority from outbox where recipient = ? order by kind', email)).toEqual([
      { kind: 'already_registered', priority: 1 },
      { kind: 'reset_password', priority: 0 },
      { kind: 'verify_email', priority: 1 },
    ])
    expect(MAIL_KINDS).toEqual(expect.arrayContaining(URGENT_MAIL_KINDS))
  })

  it('leave before all other mails that are due, even through the messages that were queued for sign-ups', async () => {
    const bench = deliveryBench()
    const signUps = [await putMail(SIGN_UP), await putMail({ ...SIGN_UP, next_attempt_at: bench.now - 3_600_000 })]
    const resets = [await putMail(RESET), await putMail({ ...RESET, kind: 'one_time_code' })]
    for (let turn = 0; turn < 4; turn += 1) await deliverNextMail(bench.platform)
    const [first, second, third, fourth] = bench.sent.map(({ id }) => id)
    expect([first, second].sort()).toEqual(resets)
    expect([third, fourth]).toEqual(signUps.reverse())
  })
})

/**
 * Builds a mail API that takes `limit` mails in any second and answers the others with 429 and `Retry-After: 1`. Each
 * mail takes some time to reach it.
 */
function limitedApi(clock: VirtualClock, limit: number) {
  const accepted: { id: string; at: number }[] = []
  let refusals = 0
  const send = async ({ id }: OutgoingMail) => {
    await clock.sleep(80)
    const at = clock.now()
    const isFull = accepted.filter((earlier) => earlier.at > at - 1_000).length >= limit
    if (isFull) refusals += 1
    else accepted.push({ id, at })
    await clock.sleep(40)
    if (isFull) throw new MailThrottledError('resend 429 rate_limit_exceeded', 1_000)
  }
  return { accepted, send, refusals: () => refusals }
}

/** Makes numbers that are spread like random ones, from 0 to 1, and that are the same in every run. */
function spreadNumbers(): () => number {
  let last = 0
  return () => {
    last = (last + 0.618034) % 1
    return last
  }
}

/**
 * Plays the queue of `wrangler.toml`. Its two consumers are isolates of their own, and each takes up to five messages
 * at once, the oldest first.
 */
async function runQueue(clock: VirtualClock, send: (mail: OutgoingMail) => Promise<void>, announced: string[]) {
  const queue = announced.map((outboxId) => ({ outboxId, at: clock.now() }))
  const random = spreadNumbers()
  let delivering = 0
  const consumer = async () => {
    const pause = { until: 0, reason: '' }
    const platform = {
      ...jobPlatform(),
      now: clock.now,
      sendMail: respectPauses(send, pause, {
        now: clock.now,
        random,
        sleep: clock.sleep,
        settings: { logLevel: 'info' },
      }),
      announceMails: async (ids: readonly string[], delaySeconds = 0) => {
        for (const outboxId of ids) queue.push({ outboxId, at: clock.now() + delaySeconds * 1000 })
      },
    }
    clock.enter()
    while (queue.length > 0 || delivering > 0) {
      const ready = queue.filter(({ at }) => at <= clock.now()).slice(0, 5)
      if (ready.length === 0) {
        await clock.sleep(100)
        continue
      }
      for (const message of ready) queue.splice(queue.indexOf(message), 1)
      delivering += ready.length
      const batch = createMessageBatch(
        'postern-development-mail',
        ready.map((body) => ({ id: crypto.randomUUID(), timestamp: new Date(), attempts: 1, body })),
      )
      for (const message of batch.messages) {
        clock.enter()
        vi.spyOn(message, 'ack').mockImplementation(() => clock.leave())
      }
      clock.leave()
      await consumeQueue(platform, batch)
      clock.enter()
      delivering -= ready.length
    }
    clock.leave()
  }
  await Promise.all([consumer(), consumer()])
}

describe('fifty resets beside fifty sign-ups, with an API that takes two mails a second', () => {
  it.each([
    ['the sign-ups come first', (index: number) => (index < 50 ? SIGN_UP : RESET)],
    ['they come by turns', (index: number) => (index % 2 === 0 ? SIGN_UP : RESET)],
  ])('each reset arrives within a minute, and every mail once, where %s', async (_order, kindOf) => {
    const clock = new VirtualClock()
    const start = clock.now()
    const due = { created_at: start, next_attempt_at: start }
    const mails = await Promise.all(
      many(100, async (index) => ({ ...kindOf(index), id: await putMail({ ...kindOf(index), ...due }) })),
    )
    const api = limitedApi(clock, 2)
    await runQueue(
      clock,
      api.send,
      mails.map(({ id }) => id),
    )
    expect(api.accepted.map(({ id }) => id).sort()).toEqual(mails.map(({ id }) => id).sort())
    const resets = new Set(mails.filter(({ priority }) => priority === 0).map(({ id }) => id))
    const times = api.accepted.filter(({ id }) => resets.has(id)).map(({ at }) => (at - start) / 1000)
    expect(Math.max(...times)).toBeLessThan(60)
    // So few refusals show that the Worker does not ask the API again and again in vain.
    expect(api.refusals()).toBeLessThan(400)
    const ids = mails.map(({ id }) => `'${id}'`).join(', ')
    expect(await countRows('outbox', `id in (${ids}) and state = 'delivered' and attempts = 1`)).toBe(100)
  })
})
