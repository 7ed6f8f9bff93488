import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DEPENDENCY_TIMEOUT_MS, RETRY_AFTER_SECONDS } from '../../src/config.ts'
import { signedIn } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { captureLog } from '../support/captured-log.ts'
import type { SignedIn } from '../support/client.ts'
import { auditOf } from '../support/database.ts'
import { d1, faultyEnv, stalling } from '../support/faulty-env.ts'
import { ageRotation, generationOf } from '../support/grants.ts'
import type { Intercept } from '../support/intercept-env.ts'

const { env: faulty, fail } = faultyEnv({ RATE_LIMITS: 'off' })
/** An honest client whose request was stalled tries again after this time. */
const RETRIED_AFTER_MS = DEPENDENCY_TIMEOUT_MS + RETRY_AFTER_SECONDS * 1000

const refresh = (refreshToken: string) => callWorker(faulty, 'POST', '/auth/refresh', { body: { refreshToken } })

async function expectTokens(response: Response): Promise<SignedIn['tokens']> {
  expect(response.status).toBe(200)
  return await response.json()
}

/** Refreshes while D1 stalls, until the deadline has passed and the client is told when to come back. */
async function refreshWhileStalling(
  refreshToken: string,
  how: (hang: Intercept) => Intercept = (hang) => hang,
): Promise<void> {
  const { fault: hang, send, passDeadline } = stalling(d1)
  fail(how(hang))
  const answer = send(() => refresh(refreshToken))
  await passDeadline()
  vi.useRealTimers()
  fail(null)
  const response = await answer
  await expectRefusal(response, 503, 'dependency_unavailable')
  expect(response.headers.get('Retry-After')).toBe(String(RETRY_AFTER_SECONDS))
}

let log: ReturnType<typeof captureLog>
beforeEach(async () => {
  log = captureLog()
  await callWorker(faulty, 'GET', '/.well-known/jwks.json')
})
afterEach(() => {
  fail(null)
  log.release()
  vi.useRealTimers()
})

describe('a database that stalls for ten seconds while a client refreshes (RFC 9700 §4.14.2; ASVS 16.5.2)', () => {
  it('signs nobody out when the rotation was stored and its answer was lost', async () => {
    const { id, session, tokens } = await signedIn()
    await refreshWhileStalling(tokens.refreshToken, (hang) => async (call, proceed) => {
      await proceed()
      return await hang(call, proceed)
    })
    expect(await generationOf(session.id)).toBe(1)
    await ageRotation(session.id, RETRIED_AFTER_MS)
    const successor = await expectTokens(await refresh(tokens.refreshToken))
    await expectTokens(await refresh(successor.refreshToken))
    expect(await auditOf('session.refresh_reused', id)).toEqual([])
  })

  it('signs nobody out when it happens three times in a row', async () => {
    const { id, session, tokens } = await signedIn()
    const storedButLost =
      (hang: Intercept): Intercept =>
      async (call, proceed) => {
        await proceed()
        return await hang(call, proceed)
      }
    for (let stall = 0; stall < 3; stall += 1) {
      await refreshWhileStalling(tokens.refreshToken, storedButLost)
      await ageRotation(session.id, RETRIED_AFTER_MS)
    }
    const successor = await expectTokens(await refresh(tokens.refreshToken))
    await expectTokens(await refresh(successor.refreshToken))
    expect(await auditOf('session.refresh_reused', id)).toEqual([])
  })

  it('signs nobody out when the rotation was never stored', async () => {
    const { session, tokens } = await signedIn()
    await refreshWhileStalling(tokens.refreshToken)
    expect(await generationOf(session.id)).toBe(0)
    await expectTokens(await refresh(tokens.refreshToken))
  })

  it('changes nothing when the stalled statement comes late, after the retry and the use of its successor', async () => {
    const { id, session, tokens } = await signedIn()
    const late: (() => Promise<unknown>)[] = []
    await refreshWhileStalling(tokens.refreshToken, (hang) => (call, proceed) => {
      late.push(proceed)
      return hang(call, proceed)
    })
    const successor = await expectTokens(await refresh(tokens.refreshToken))
    const current = await expectTokens(await refresh(successor.refreshToken))
    expect(late).toHaveLength(1)
    for (const execute of late) await execute()
    expect(await generationOf(session.id)).toBe(2)
    await expectTokens(await refresh(current.refreshToken))
    expect(await auditOf('session.refresh_reused', id)).toEqual([])
  })
})
