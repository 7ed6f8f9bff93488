import { env } from 'cloudflare:workers'
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { canLogIn, deactivate, giveSecondFactor, registered, signedIn } from '../../support/accounts.ts'
import { expectNoContent, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, newEmail, PASSWORD, waitForMail } from '../../support/client.ts'
import { auditOf, countRows, mailsSettled, rows } from '../../support/database.ts'
import { failingInMidBatch, faultyEnv } from '../../support/faulty-env.ts'
import { auditTypesOf, queryOne } from '../../support/stored-state.ts'

const NEW_PASSWORD = 'five unrelated words stand here'
afterAll(mailsSettled)

/** Deploys an invitation as the command does, and answers what presses the button of its link. */
function invite(email: string, { ttlSeconds = 3600 } = {}) {
  const token = randomBytes(32).toString('base64url')
  const hash = createHash('sha256').update(token).digest('base64url')
  const invitation = `${email}.${Math.floor(Date.now() / 1000) + ttlSeconds}.${hash}`
  const service = { ...env, ADMIN_INVITATION: invitation } as Env
  const accept = (body: object = {}, worker: Env = service) =>
    callWorker(worker, 'POST', '/auth/accept-invitation', { body: { token, password: NEW_PASSWORD, ...body } })
  return { invitation, hash, accept }
}

const accountOf = (email: string) => queryOne('select * from users where email = ?', email)
const rolesOf = async (id: unknown) =>
  (await rows('select role from user_roles where user_id = ? order by role', id)).map(({ role }) => role)

describe('POST /auth/accept-invitation', () => {
  it('makes an administrator with a proven address, who is told, and records that the operator did so', async () => {
    const email = newEmail()
    const { accept } = invite(email.toUpperCase())
    await expectNoContent(await accept())
    const { id, ...account } = await accountOf(email)
    expect(account.email_verified_at).not.toBeNull()
    expect(account.access_proven_at).not.toBeNull()
    expect(await rolesOf(id)).toEqual(['admin', 'user'])
    expect((await auditTypesOf(String(id))).sort()).toEqual(['role.granted', 'user.registered'])
    const [granted] = await auditOf('role.granted', String(id))
    expect(granted?.details).toEqual({ role: 'admin', how: 'operator' })
    expect((await waitForMail(email)).subject).toContain('administrator')
    expect(await canLogIn(email, NEW_PASSWORD)).toBe(true)
  })

  it('lets one of fifty presses at once make one administrator', async () => {
    const email = newEmail()
    const { accept } = invite(email)
    const answers = await Promise.all(Array.from({ length: 50 }, () => accept()))
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(49)
    const { id } = await accountOf(email)
    expect(await auditOf('role.granted', String(id))).toHaveLength(1)
    expect(await countRows('outbox', "kind = 'role_granted' and recipient = ?", email)).toBe(1)
  })

  it('promotes an account that is there: its sessions end, and its factors stay and are asked for', async () => {
    const user = await signedIn()
    await giveSecondFactor(user.id)
    const { accept } = invite(user.email)
    await expectNoContent(await accept())
    expect(await rolesOf(user.id)).toEqual(['admin', 'user'])
    await expectRefusal(await get('/auth/me', bearer(user.tokens.accessToken)), 401, 'unauthenticated')
    expect(await canLogIn(user.email, PASSWORD)).toBe(false)
    const login = await callWorker(env, 'POST', '/auth/login', {
      body: { identifier: user.email, password: NEW_PASSWORD },
    })
    expect(await login.json()).toMatchObject({ status: 'mfa_required', methods: expect.arrayContaining(['totp']) })
    const types = await auditTypesOf(user.id)
    expect(types).toEqual(expect.arrayContaining(['password.reset', 'role.granted']))
    expect(await countRows('outbox', "kind = 'password_changed' and recipient = ?", user.email)).toBe(1)
  })

  it('leaves nothing of what a stranger set up in an account that nobody had confirmed', async () => {
    const { email } = await registered()
    const { accept } = invite(email)
    await expectNoContent(await accept())
    expect(await canLogIn(email, PASSWORD)).toBe(false)
    expect(await canLogIn(email, NEW_PASSWORD)).toBe(true)
  })

  it('works once, and changes nothing when it is used again', async () => {
    const email = newEmail()
    const { accept } = invite(email)
    await expectNoContent(await accept())
    const before = await accountOf(email)
    await expectRefusal(await accept({ password: `${NEW_PASSWORD} 2` }), 400, 'invalid_token')
    expect(await accountOf(email)).toEqual(before)
  })

  it('leaves the link unused where the password is weak', async () => {
    const { accept } = invite(newEmail())
    await expectRefusal(await accept({ password: 'password' }), 400, 'invalid_request')
    await expectNoContent(await accept())
  })

  it('leaves the link unused where the database fails in the middle of it', async () => {
    const email = newEmail()
    const { invitation, accept } = invite(email)
    const { env: faulty, fail } = faultyEnv({ ADMIN_INVITATION: invitation })
    fail(failingInMidBatch)
    await expectRefusal(await accept({}, faulty), 503, 'dependency_unavailable')
    expect(await countRows('users', 'email = ?', email)).toBe(0)
    fail(null)
    await expectNoContent(await accept({}, faulty))
  })

  it('sets the password of somebody who is an administrator already, and grants nothing twice', async () => {
    const email = newEmail()
    await expectNoContent(await invite(email).accept())
    await expectNoContent(await invite(email).accept({ password: `${NEW_PASSWORD} 2` }))
    const { id } = await accountOf(email)
    expect(await auditOf('role.granted', String(id))).toHaveLength(1)
    expect(await canLogIn(email, `${NEW_PASSWORD} 2`)).toBe(true)
  })

  it('refuses a wrong token, the hash itself, an expired link and a service without an invitation alike', async () => {
    const email = newEmail()
    const { accept, hash } = invite(email)
    const expired = invite(email, { ttlSeconds: 0 })
    const answers = [
      await accept({ token: 'x'.repeat(43) }),
      await accept({ token: hash }),
      await expired.accept(),
      await accept({}, env),
      await accept({}, { ...env, ADMIN_INVITATION: '' } as Env),
    ]
    for (const answer of answers) await expectRefusal(answer, 400, 'invalid_token')
    expect(await countRows('users', 'email = ?', email)).toBe(0)
  })

  it('wakes no deactivated account', async () => {
    const user = await signedIn()
    await deactivate(user.id)
    const { accept } = invite(user.email)
    await expectRefusal(await accept(), 400, 'invalid_token')
    expect(await rolesOf(user.id)).toEqual(['user'])
    expect((await accountOf(user.email)).status).toBe('deactivated')
  })
})
