import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { deactivate, giveSecondFactor, mailedToken, signedIn, verified } from '../../support/accounts.ts'
import { expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { newEmail, PASSWORD, post } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { changedBefore } from '../../support/intercept-env.ts'

async function resetPassword(email: string): Promise<void> {
  await post('/auth/forgot-password', { email })
  const token = await mailedToken(email, 'reset_password')
  expect((await post('/auth/reset-password', { token, password: PASSWORD })).status).toBe(204)
}

describe('an account that changes between the password and the session (ASVS 15.4.2)', () => {
  const login = (on: Env, email: string) =>
    callWorker(on, 'POST', '/auth/login', { body: { identifier: email, password: PASSWORD } })
  const CHANGES: [string, (id: string, email: string) => Promise<unknown>][] = [
    ['its password was reset, to the same one', (_, email) => resetPassword(email)],
    ['its password was dropped', (id) => rows('update users set password_hash = null where id = ?', id)],
    [
      'its password has to be set anew',
      (id) => rows('update users set password_reset_required_at = 1 where id = ?', id),
    ],
    ['it was deactivated', deactivate],
    ['it was deleted', (id) => rows('delete from users where id = ?', id)],
  ]

  it.each(CHANGES)('is refused without being asked for its second factor: %s', async (_, change) => {
    const { id, email } = await verified()
    await giveSecondFactor(id)
    const meanwhile = changedBefore(env, /^insert into "one_time_tokens"/i, () => change(id, email))
    await expectRefusal(await login(meanwhile, email), 401, 'invalid_credentials')
    expect(await countRows('one_time_tokens', "user_id = ? and purpose = 'mfa_ticket'", id)).toBe(0)
    expect(await auditOf('login.mfa_required', id)).toEqual([])
  })

  it.each(CHANGES)('gets no session: %s', async (_, change) => {
    const { id, email } = await verified()
    const meanwhile = changedBefore(env, /^insert into "sessions"/i, () => change(id, email))
    const response = await login(meanwhile, email)
    expect(response.headers.getSetCookie()).toEqual([])
    await expectRefusal(response, 401, 'invalid_credentials')
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
    expect(await auditOf('login.succeeded', id)).toEqual([])
  })
})

describe('a session that ends while it is refreshed', () => {
  it('stays ended, and no token is handed out', async () => {
    const { session, tokens } = await signedIn()
    const end = () => rows('delete from sessions where id = ?', session.id)
    const meanwhile = changedBefore(env, /^update "sessions"/i, end)
    const response = await callWorker(meanwhile, 'POST', '/auth/refresh', {
      body: { refreshToken: tokens.refreshToken },
    })
    await expectRefusal(response, 401, 'invalid_refresh_token')
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
  })
})

describe('an address that is taken while it is confirmed', () => {
  it('belongs to whoever was first, and nothing of the other change happens', async () => {
    const { id, email, tokens } = await signedIn()
    const newAddress = newEmail()
    await post(
      '/auth/change-email',
      { newEmail: newAddress, password: PASSWORD },
      { Authorization: `Bearer ${tokens.accessToken}` },
    )
    const token = await mailedToken(newAddress, 'change_email')
    const take = () => post('/auth/register', { email: newAddress, password: PASSWORD })
    const meanwhile = changedBefore(env, /^update "users"/i, take)
    await expectRefusal(
      await callWorker(meanwhile, 'POST', '/auth/confirm-email-change', { body: { token } }),
      400,
      'invalid_token',
    )
    expect(await rows('select email from users where id = ?', id)).toEqual([{ email }])
    expect(await auditOf('email.changed', id)).toEqual([])
    expect(await countRows('one_time_tokens', "user_id = ? and purpose = 'change_email'", id)).toBe(1)
  })
})
