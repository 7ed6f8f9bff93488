import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MfaNeeded } from '../../../src/contracts/login.ts'
import { giveSecondFactor, mailedCode, verified } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { PASSWORD, post } from '../../support/client.ts'
import { countRows, mailsSettled } from '../../support/database.ts'

/** A deployment that lets a mailed code stand in for a stronger factor. */
const lenient = { ...env, MFA_EMAIL_FALLBACK: 'on' } as unknown as Env
const ask = (path: string, body: object) => callWorker(lenient, 'POST', path, { body })
const MINUTE_MS = 60_000
const pass = (minutes: number) => vi.setSystemTime(Date.now() + minutes * MINUTE_MS)

/** Begins a login of an account with an authenticator app. */
async function waiting() {
  const { id, email } = await verified()
  await giveSecondFactor(id)
  const { ticket } = await answerOf(await ask('/auth/login', { identifier: email, password: PASSWORD }), MfaNeeded)
  const complete = async () =>
    await ask('/auth/login/mfa', { ticket, method: 'email', code: await mailedCode(email, 'mfa_ticket') })
  return { email, ticket, complete }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }))
afterEach(async () => {
  await mailsSettled()
  vi.useRealTimers()
})

describe('the mailed code of a login', () => {
  it('works for ten minutes, also where the ticket alone would have died before (ASVS 6.5.5)', async () => {
    const { ticket, complete } = await waiting()
    pass(4)
    expect((await ask('/auth/login/mfa/email', { ticket })).status).toBe(202)
    pass(9)
    expect((await complete()).status).toBe(200)
  })

  it('dies after them, however often it is asked for', async () => {
    const { ticket, complete } = await waiting()
    await ask('/auth/login/mfa/email', { ticket })
    pass(9)
    await ask('/auth/login/mfa/email', { ticket })
    pass(9)
    await expectRefusal(await complete(), 401, 'invalid_code')
  })

  it('is mailed and taken only where the deployment lets it stand in for a stronger factor', async () => {
    const { email, ticket } = await waiting()
    await expectRefusal(await post('/auth/login/mfa/email', { ticket }), 400, 'invalid_token')
    expect(await countRows('outbox', "recipient = ? and kind = 'one_time_code'", email)).toBe(0)
    const body = { ticket, method: 'email', code: await mailedCode(email, 'mfa_ticket') }
    await expectRefusal(await post('/auth/login/mfa', body), 401, 'invalid_code')
  })
})
