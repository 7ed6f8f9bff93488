import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MailError, MailThrottledError, type OutgoingMail } from '../../../src/mail/message.ts'
import { respectPauses, withJitter } from '../../../src/platform/mail-pause.ts'

const mail = (id: string): OutgoingMail => ({ id, from: '', to: '', subject: '', text: '', html: '' })

/**
 * Builds one isolate. Sleeping moves its clock, and its server asks for the pauses of `script`, one for each call, and
 * takes all further mails.
 */
function isolate(script: (number | null | Error)[], random = () => 0) {
  const start = 1_000_000
  const state = { now: start, calls: [] as { id: string; at: number }[], slept: [] as number[] }
  const pause = { until: 0, reason: '' }
  const send = respectPauses(
    async ({ id }) => {
      state.calls.push({ id, at: state.now - start })
      const next = script.shift()
      if (next instanceof Error) throw next
      if (next !== undefined) throw new MailThrottledError('resend 429', next)
    },
    pause,
    {
      now: () => state.now,
      random,
      sleep: async (milliseconds) => {
        state.slept.push(milliseconds)
        state.now += milliseconds
      },
      settings: { logLevel: 'info' },
    },
  )
  return { state, pause, send: (id: string) => send(mail(id)) }
}

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('a mail server that asks for a pause', () => {
  it('is asked again when a short one is over, for the same mail', async () => {
    const { state, send } = isolate([2_000, 1_000])
    await send('a')
    expect(state.calls).toEqual([
      { id: 'a', at: 0 },
      { id: 'a', at: 2_000 },
      { id: 'a', at: 3_000 },
    ])
  })

  it('is not asked by any other delivery of the isolate meanwhile', async () => {
    const { state, pause, send } = isolate([])
    pause.until = state.now + 1_500
    await send('b')
    expect(state.calls).toEqual([{ id: 'b', at: 1_500 }])
  })

  it('is asked again by one waiting delivery after another', async () => {
    const randoms = [0, 0.5, 0.999]
    const { state, send } = isolate([2_000, 2_000, 2_000], () => randoms.shift() ?? 0)
    await send('a')
    expect(state.slept).toEqual([2_000, 2_500, 2_000 * 1.4995])
  })

  it.each([
    ['a minute', 60_000, 60_000],
    ['more than an hour', 86_400_000, 3_600_000],
    ['a while, not saying how long', null, 30_000],
  ])('for %s is not asked meanwhile, and its mails go back to the outbox', async (_what, asked, waitMs) => {
    const { state, send } = isolate([asked])
    await expect(send('a')).rejects.toMatchObject({ reason: 'resend 429', waitMs })
    state.now += 1_000
    await expect(send('b')).rejects.toMatchObject({ reason: 'resend 429', waitMs: waitMs - 1_000 })
    expect(state.calls.map(({ id }) => id)).toEqual(['a'])
    state.now += waitMs
    await send('b')
    expect(state.calls.map(({ id }) => id)).toEqual(['a', 'b'])
  })

  it('again and again is given up after twenty seconds, well within the lease of the mail, which goes back to the outbox', async () => {
    const { state, send } = isolate(Array(1_000).fill(1_000))
    await expect(send('a')).rejects.toBeInstanceOf(MailThrottledError)
    expect(state.calls.at(-1)?.at).toBeLessThan(25_000)
  })

  it('is distinguished from one that fails', async () => {
    const { state, send } = isolate([new MailError('resend 500', false)])
    await expect(send('a')).rejects.toMatchObject({ reason: 'resend 500' })
    expect(state.slept).toEqual([])
  })
})

it('jitter makes a delay up to half as long again, never shorter', () => {
  expect(withJitter(30, () => 0)).toBe(30)
  expect(withJitter(30, () => 0.5)).toBe(37.5)
  expect(withJitter(30, () => 0.999)).toBeLessThan(45)
})
