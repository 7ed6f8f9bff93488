import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { SignedIn, Tokens } from '../../../src/contracts/login.ts'
import { CurrentSession } from '../../../src/contracts/sessions.ts'
import { User } from '../../../src/contracts/users.ts'
import { verifyForService } from '../../../src/services/introspection/verification.ts'
import { SAME_ORIGIN, signedIn, signedInByCookie, verified } from '../../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { bearer, get, PASSWORD, post, send } from '../../support/client.ts'
import { countRows, rows } from '../../support/database.ts'
import { enrol } from '../../support/factors.ts'
import { listOperations } from '../../support/openapi.ts'
import { jobPlatform } from '../../support/outbox.ts'
import {
  beginLogin,
  giveFactors,
  givePasskey,
  openSessionOf,
  requireFactorOf,
  stronglySignedIn,
} from '../../support/second-factors.ts'
import { ask as askAsService } from '../../support/services.ts'
import { accountState } from '../../support/stored-state.ts'

/**
 * A session that must enrol reaches these routes, and no others: those by which a second factor is set up or shown, the
 * account itself, and logging out. The last and the refresh ask for no access token.
 */
const OPEN_TO_ENROLMENT = [
  /^GET \/auth\/me$/,
  /^POST \/auth\/step-up(\/email|\/passkey)?$/,
  /^(POST|DELETE) \/auth\/mfa\//,
  /^(GET|POST|PATCH|DELETE) \/auth\/passkeys(\/|$)/,
]

const guarded = listOperations()
  .filter(({ security }) => security.includes('bearer'))
  .map((operation) => [`${operation.method} ${operation.path}`, operation] as const)
const isOpen = (name: string) => OPEN_TO_ENROLMENT.some((pattern) => pattern.test(name))

/** Signs in as a member of a role that requires a factor, which the account does not have. */
async function unenrolled() {
  const account = await verified()
  await requireFactorOf(account.id)
  return { ...account, ...(await openSessionOf(account, ['pwd'])) }
}

const refresh = async (refreshToken: string) => await answerOf(await post('/auth/refresh', { refreshToken }), Tokens)

describe('a session of a role that requires a second factor which the account lacks', () => {
  it.each(guarded.filter(([name]) => !isOpen(name)))('%s refuses it with enrolment_required', async (_, operation) => {
    const { tokens } = await unenrolled()
    const before = await accountState()
    const path = operation.path.replaceAll(/\{\w+\}/g, 'github')
    const answer = await send(operation.method, path, { headers: bearer(tokens.accessToken) })
    await expectRefusal(answer, 403, 'enrolment_required')
    expect(await accountState()).toEqual(before)
    expect(operation.codes).toEqual(expect.arrayContaining(['enrolment_required', 'step_up_required']))
  })

  it.each(guarded.filter(([name]) => isOpen(name)))('%s lets it through', async (_, operation) => {
    const { tokens } = await unenrolled()
    const path = operation.path.replaceAll(/\{\w+\}/g, 'none')
    const answer = await send(operation.method, path, { headers: bearer(tokens.accessToken) })
    expect(await answer.text()).not.toContain('enrolment_required')
    expect(operation.codes).not.toContain('enrolment_required')
  })

  it('is refused by cookie too', async () => {
    const { id, cookie } = await signedInByCookie()
    await requireFactorOf(id)
    const headers = { Cookie: cookie, ...SAME_ORIGIN }
    await expectRefusal(await send('DELETE', '/auth/sessions', { headers }), 403, 'enrolment_required')
  })

  it('sees its account, refreshes its tokens, and logs out', async () => {
    const { id, tokens, session } = await unenrolled()
    const me = await answerOf(await get('/auth/me', bearer(tokens.accessToken)), User)
    expect(me).toMatchObject({ id, roles: ['guarded', 'user'], mfa: { totp: false } })
    const { accessToken } = await refresh(tokens.refreshToken)
    await expectRefusal(await get('/auth/session', bearer(accessToken)), 403, 'enrolment_required')
    await expectNoContent(await post('/auth/logout', {}, bearer(accessToken)))
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
  })

  it('has a token that no other service accepts and that names no role (RFC 9068 §4)', async () => {
    const { tokens } = await unenrolled()
    expect(decodeJwt(tokens.accessToken)).toMatchObject({
      aud: 'urn:postern:audience:enrolment',
      roles: [],
      permissions: [],
      amr: ['pwd'],
      acr: 'urn:postern:acr:single-factor',
    })
  })

  it('is nobody to other services, whichever way they ask', async () => {
    const { tokens } = await unenrolled()
    for (const token of [tokens.accessToken, tokens.refreshToken])
      expect(await (await askAsService('/auth/introspect', { token })).json()).toEqual({ active: false })
    for (const fresh of [false, true])
      expect(await verifyForService(jobPlatform(), tokens.accessToken, { fresh })).toEqual({
        ok: false,
        code: 'forbidden',
      })
  })

  it('opens everything once the factor is set up and shown', async () => {
    const { id, tokens } = await unenrolled()
    const [code] = await giveFactors(id)
    const stepUp = { method: 'recovery_code', code }
    const renewed = await answerOf(await post('/auth/step-up', stepUp, bearer(tokens.accessToken)), Tokens)
    const current = await answerOf(await get('/auth/session', bearer(renewed.accessToken)), CurrentSession)
    expect(current).toMatchObject({ roles: ['guarded', 'user'], permissions: ['audit:read'] })
    expect((await get('/audit-events', bearer(renewed.accessToken))).status).toBe(200)
    // The token of before reaches what asks the database, and reads nothing more from itself.
    expect((await get('/audit-events', bearer(tokens.accessToken))).status).toBe(200)
    const stale = await answerOf(await get('/auth/session', bearer(tokens.accessToken)), CurrentSession)
    expect(stale.permissions).toEqual([])
  })
})

describe('the session in which the factor is set up', () => {
  it('has shown it thereby, and its next token is whole', async () => {
    const { id, tokens } = await unenrolled()
    await enrol(tokens.accessToken)
    expect((await get('/audit-events', bearer(tokens.accessToken))).status).toBe(200)
    expect(decodeJwt((await refresh(tokens.refreshToken)).accessToken)).toMatchObject({
      permissions: ['audit:read'],
      amr: ['pwd', 'otp', 'mfa'],
      acr: 'urn:postern:acr:multi-factor',
    })
    expect(await countRows('sessions', 'user_id = ? and strong_authenticated_at = authenticated_at', id)).toBe(1)
  })
})

describe('the last strong factor of an account whose role requires one', () => {
  const removeTotp = (accessToken: string) => send('DELETE', '/auth/mfa/totp', { headers: bearer(accessToken) })

  it('cannot be removed, and other sessions, recovery codes and the trail stay as they are', async () => {
    const { id, email, tokens } = await stronglySignedIn()
    await requireFactorOf(id)
    const other = await openSessionOf({ email }, ['pwd', 'otp', 'mfa'])
    await expectRefusal(await removeTotp(tokens.accessToken), 409, 'last_strong_factor')
    expect(await countRows('totp_secrets', 'user_id = ?', id)).toBe(1)
    expect(await countRows('recovery_codes', 'user_id = ?', id)).toBe(3)
    expect(await countRows('sessions', 'id = ?', other.session.id)).toBe(1)
    expect(await countRows('audit_events', "user_id = ? and type = 'factor.removed'", id)).toBe(0)
  })

  it('stays also where two of them are removed at once', async () => {
    const { id, email } = await verified()
    await requireFactorOf(id)
    await giveFactors(id)
    await givePasskey(id)
    const { tokens } = await openSessionOf({ email }, ['pwd', 'otp', 'mfa'])
    const headers = bearer(tokens.accessToken)
    const removals = [removeTotp(tokens.accessToken), send('DELETE', `/auth/passkeys/${id}`, { headers })]
    const statuses = (await Promise.all(removals)).map(({ status }) => status)
    expect(statuses.sort()).toEqual([204, 409])
    const apps = await countRows('totp_secrets', 'user_id = ?', id)
    expect(apps + (await countRows('passkeys', 'user_id = ?', id))).toBe(1)
  })

  it('goes where no role requires it any more', async () => {
    const { id, tokens } = await stronglySignedIn()
    await requireFactorOf(id)
    await rows("delete from user_roles where user_id = ? and role = 'guarded'", id)
    await expectNoContent(await removeTotp(tokens.accessToken))
  })
})

describe('a session that was open before the factor was set up', () => {
  it('does not come to the role by it: it shows the factor first (a stranger may have waited in it)', async () => {
    const stranger = await unenrolled()
    const [code] = await giveFactors(stranger.id)
    const owner = await openSessionOf(stranger, ['pwd', 'otp', 'mfa'])
    expect((await get('/audit-events', bearer(owner.tokens.accessToken))).status).toBe(200)
    const { accessToken } = await refresh(stranger.tokens.refreshToken)
    expect(decodeJwt(accessToken)).toMatchObject({ roles: [], permissions: [] })
    for (const token of [stranger.tokens.accessToken, accessToken])
      for (const path of ['/audit-events', '/auth/session', '/auth/sessions']) {
        const problem = await expectRefusal(await get(path, bearer(token)), 403, 'step_up_required')
        expect(problem.methods).toEqual(['totp', 'recovery_code'])
      }
    const stepUp = { method: 'recovery_code', code }
    expect((await post('/auth/step-up', stepUp, bearer(accessToken))).status).toBe(200)
    expect((await get('/audit-events', bearer(accessToken))).status).toBe(200)
  })

  it('is refused what the role gives as soon as the role is given, and by itself at the next refresh', async () => {
    const { id, tokens } = await signedIn()
    expect((await get('/auth/session', bearer(tokens.accessToken))).status).toBe(200)
    await requireFactorOf(id)
    await expectRefusal(await get('/audit-events', bearer(tokens.accessToken)), 403, 'enrolment_required')
    await expectRefusal(
      await send('DELETE', '/auth/sessions', { headers: bearer(tokens.accessToken) }),
      403,
      'enrolment_required',
    )
    expect(await (await askAsService('/auth/introspect', { token: tokens.accessToken })).json()).toEqual({
      active: false,
    })
    const { accessToken } = await refresh(tokens.refreshToken)
    await expectRefusal(await get('/auth/session', bearer(accessToken)), 403, 'enrolment_required')
  })

  it('is whole again as soon as no role requires a factor', async () => {
    const { id, tokens } = await unenrolled()
    await rows("delete from user_roles where user_id = ? and role = 'guarded'", id)
    expect((await get('/auth/sessions', bearer(tokens.accessToken))).status).toBe(200)
    const { accessToken } = await refresh(tokens.refreshToken)
    expect(decodeJwt(accessToken)).toMatchObject({ roles: ['user'], aud: 'http://localhost:8787' })
  })

  it('must enrol anew once the factor is gone, however strong it was', async () => {
    const { id, tokens } = await stronglySignedIn()
    await requireFactorOf(id)
    expect((await get('/audit-events', bearer(tokens.accessToken))).status).toBe(200)
    await rows('delete from totp_secrets where user_id = ?', id)
    await expectRefusal(await get('/audit-events', bearer(tokens.accessToken)), 403, 'enrolment_required')
  })
})

describe('a remembered device of a role that requires a second factor', () => {
  it('goes on for as long as it is remembered, and shows the factor after that', async () => {
    const { id, email } = await verified()
    await requireFactorOf(id)
    const codes = await giveFactors(id)
    const login = { method: 'recovery_code', code: codes[0], rememberDevice: true }
    const first = await post('/auth/login/mfa', { ...login, ticket: await beginLogin(email) })
    const token = (await answerOf(first, SignedIn)).session.deviceToken ?? ''
    const later = await post('/auth/login', { identifier: email, password: PASSWORD }, { 'X-Device-Token': token })
    const { tokens } = await answerOf(later, SignedIn)
    const headers = bearer(tokens?.accessToken ?? '')
    expect(decodeJwt(tokens?.accessToken ?? '')).toMatchObject({ permissions: ['audit:read'] })
    expect((await get('/audit-events', headers)).status).toBe(200)
    await rows('update trusted_devices set created_at = 1 where user_id = ?', id)
    await expectRefusal(await get('/audit-events', headers), 403, 'step_up_required')
  })
})
