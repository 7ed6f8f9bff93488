import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { accountsWithLostPassword, safeguardStatements } from '../../../scripts/lib/restored-database.ts'
import { giveSecondFactor, mailedToken, signedIn, verified } from '../../support/accounts.ts'
import { expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, logIn, PASSWORD, post, type SignedIn } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { queryOne } from '../../support/stored-state.ts'

const HOUR_MS = 3_600_000
const restoredTo = () => Date.now() - HOUR_MS

/** Makes every row of the database two hours older, as in a database that was restored to its state of an hour ago. */
async function growOld(): Promise<void> {
  for (const table of ['sessions', 'one_time_tokens', 'login_exchanges', 'outbox', 'signing_keys'])
    await rows(`update ${table} set created_at = created_at - ?`, 2 * HOUR_MS)
  await rows('update users set password_changed_at = password_changed_at - ?', 2 * HOUR_MS)
}

const safeguard = async (lostPasswords: readonly string[] | 'all') => {
  await env.DB.batch(safeguardStatements(restoredTo(), lostPasswords).map((statement) => env.DB.prepare(statement)))
}
/** Builds a Worker that has nothing in memory yet. */
const fresh = () => ({ ...env, RATE_LIMITS: 'off' }) as unknown as Env
const needsReset = async (id: string) =>
  (await queryOne('select password_reset_required_at from users where id = ?', id)).password_reset_required_at !== null

describe('a database that was restored by Time Travel and made safe by npm run after-restore', () => {
  it('accepts no session and no access token from before the restore (ASVS 7.4.1)', async () => {
    const { id, session, tokens } = await signedIn()
    await growOld()
    const worker = fresh()
    expect((await callWorker(worker, 'GET', '/auth/session', { headers: bearer(tokens.accessToken) })).status).toBe(200)
    await safeguard([])
    const refresh = { body: { refreshToken: tokens.refreshToken } }
    await expectRefusal(await callWorker(fresh(), 'POST', '/auth/refresh', refresh), 401, 'invalid_refresh_token')
    for (const path of ['/auth/session', '/auth/me']) {
      const answer = await callWorker(fresh(), 'GET', path, { headers: bearer(tokens.accessToken) })
      await expectRefusal(answer, 401, 'unauthenticated')
    }
    expect(await countRows('grants', 'session_id = ?', session.id)).toBe(0)
    expect(await auditOf('session.ended', id)).toMatchObject([
      { actor_id: 'system', details: { reason: 'database restored' } },
    ])
  })

  it('accepts no link, code or waiting login from before the restore, and sends no mail twice', async () => {
    const { id, email } = await verified()
    await post('/auth/forgot-password', { email })
    const token = await mailedToken(email, 'reset_password')
    await giveSecondFactor(id)
    const login = await post('/auth/login', { identifier: email, password: PASSWORD })
    const { ticket } = (await login.json()) as { ticket: string }
    await rows("update outbox set state = 'pending', next_attempt_at = ? where user_id = ?", Date.now() + HOUR_MS, id)
    await growOld()
    await safeguard([])
    const reset = await post('/auth/reset-password', { token, password: 'a quite different staple' })
    await expectRefusal(reset, 400, 'invalid_token')
    const completed = await post('/auth/login/mfa', { ticket, method: 'email', code: '12345678' })
    await expectRefusal(completed, 401, 'invalid_code')
    expect(await countRows('outbox', "state = 'pending'")).toBe(0)
    expect(await countRows('one_time_tokens', 'true')).toBe(0)
    expect(await countRows('login_exchanges', 'true')).toBe(0)
  })

  it('asks for a new password where it was changed in the time that was lost, and only there', async () => {
    const [changed, other] = [await verified(), await verified()]
    const trail = [
      { type: 'password.reset', user_id: changed.id },
      { type: 'password.changed', user_id: changed.id },
      { type: 'login.failed', user_id: other.id },
      { type: 'password.changed', user_id: null },
    ]
    expect(accountsWithLostPassword(trail)).toEqual([changed.id])
    await growOld()
    await safeguard(accountsWithLostPassword(trail))
    expect([await needsReset(changed.id), await needsReset(other.id)]).toEqual([true, false])
    expect(await auditOf('password.reset_required', changed.id)).toMatchObject([{ actor_id: 'system' }])
    expect(await auditOf('password.reset_required', other.id)).toEqual([])
  })

  it('asks everybody for a new password where nobody knows whose was changed', async () => {
    const [one, none] = [await verified(), await verified()]
    await rows('update users set password_hash = null where id = ?', none.id)
    await growOld()
    await safeguard('all')
    expect([await needsReset(one.id), await needsReset(none.id)]).toEqual([true, false])
  })

  it('changes nothing of users who signed in since, when it is run again', async () => {
    const { id, email } = await verified()
    await logIn(email)
    await growOld()
    await safeguard([id])
    // By now the owner has chosen a new password and is signed in.
    await rows(
      'update users set password_reset_required_at = null, password_changed_at = ? where id = ?',
      Date.now(),
      id,
    )
    const login = await callWorker(fresh(), 'POST', '/auth/login', { body: { identifier: email, password: PASSWORD } })
    const { tokens } = (await login.json()) as SignedIn
    await safeguard([id])
    expect(await needsReset(id)).toBe(false)
    const me = await callWorker(fresh(), 'GET', '/auth/me', { headers: bearer(tokens.accessToken) })
    expect(me.status).toBe(200)
    expect(await auditOf('session.ended', id)).toHaveLength(1)
    expect(await auditOf('password.reset_required', id)).toHaveLength(1)
  })

  it('records in the audit trail that it was done, and what it ended', async () => {
    await rows('delete from sessions')
    await rows("delete from audit_events where type = 'database.restored'")
    await signedIn()
    await growOld()
    await safeguard([])
    const [event] = await rows("select * from audit_events where type = 'database.restored'")
    expect(event).toMatchObject({ actor_id: 'system', user_id: null })
    expect(String(event?.id)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(JSON.parse(String(event?.details))).toMatchObject({
      sessions: 1,
      oneTimeTokens: 0,
      loginExchanges: 0,
      signingKeys: expect.any(Number),
    })
  })

  it('puts nothing but ids into its statements', () => {
    expect(() => accountsWithLostPassword([{ type: 'password.reset', user_id: "x' or true --" }])).toThrow(TypeError)
  })
})
