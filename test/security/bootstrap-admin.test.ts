import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { mailedToken, signedIn } from '../support/accounts.ts'
import { callWorker } from '../support/call-worker.ts'
import { newEmail, PASSWORD } from '../support/client.ts'
import { auditOf, countRows, mailsSettled, rows } from '../support/database.ts'
import { oauthEnv, stubProviders } from '../support/providers.ts'
import { createVisitor, OWNERS_PASSWORD } from '../support/strangers.ts'

const providers = stubProviders()
const deployment = (address: string) => oauthEnv({ BOOTSTRAP_ADMIN_EMAIL: address.toUpperCase() })
const visitorOf = (service: Env, password = OWNERS_PASSWORD) => createVisitor(service, providers, { password })
const rolesOf = async (email: string) =>
  (await rows('select role from user_roles join users on id = user_id where email = ? order by role', email)).map(
    ({ role }) => role,
  )

let lastAddress = 0
function newGmail(): string {
  lastAddress += 1
  return `admin${lastAddress}@gmail.com`
}

/** Expects that a role was granted, and that the trail and a mail tell so once each. */
async function expectGranted(email: string, how: string) {
  expect(await rolesOf(email)).toEqual(['admin', 'user'])
  const [user] = await rows('select id from users where email = ?', email)
  const events = await auditOf('role.granted', String(user?.id))
  expect(events.map(({ details }) => details)).toEqual([{ role: 'admin', how }])
  expect(await countRows('outbox', "kind = 'role_granted' and recipient = ?", email)).toBe(1)
}

async function expectNotGranted(email: string) {
  expect(await rolesOf(email)).toEqual(['user'])
  expect(await countRows('outbox', "kind = 'role_granted' and recipient = ?", email)).toBe(0)
}

beforeEach(async () => {
  await rows("delete from user_roles where role = 'admin'")
})
afterAll(mailsSettled)

describe('the first admin gets the role and a mail, and the trail records it', () => {
  it('by the first Confirm of a sign-up that nobody repeated, which makes nobody else an admin', async () => {
    const [email, other] = [newEmail(), newEmail()]
    const visitor = visitorOf(deployment(email))
    for (const address of [email, other]) {
      await visitor.register(address)
      await visitor.confirm(address)
    }
    await expectGranted(email, 'email_verified')
    await expectNotGranted(other)
  })

  it('by a password that is set by mail', async () => {
    const email = newEmail()
    const visitor = visitorOf(deployment(email))
    await visitor.register(email)
    await visitor.setPasswordByMail(email)
    await expectGranted(email, 'password_reset')
  })

  it('by the provider that runs the mailbox, which makes the account', async () => {
    const email = newGmail()
    expect(await visitorOf(deployment(email)).signInWithGoogle(email)).toBeNull()
    await expectGranted(email, 'provider')
  })

  it('by the provider that runs the mailbox, which claims the account', async () => {
    const email = newGmail()
    const service = deployment(email)
    await visitorOf(service, PASSWORD).register(email)
    expect(await visitorOf(service).signInWithGoogle(email)).toBeNull()
    await expectGranted(email, 'provider')
  })
})

describe('nobody becomes an admin', () => {
  it('while another account is one, so that a demoted admin who sets a new password stays demoted', async () => {
    const email = newEmail()
    const visitor = visitorOf(deployment(email))
    await visitor.register(email)
    await visitor.confirm(email)
    const successor = await signedIn()
    await rows("update user_roles set user_id = ? where role = 'admin'", successor.user.id)
    await visitor.setPasswordByMail(email)
    expect(await rolesOf(email)).toEqual(['user'])
    expect(await countRows('outbox', "kind = 'role_granted' and recipient = ?", email)).toBe(1)
  })

  it.each([
    ['that verifies nothing', {}],
    ['that verified an address whose mailbox it does not run', { xms_edov: true }],
  ])('by a provider %s, or by a click on the mail that it causes', async (_, claims) => {
    const email = newEmail()
    const visitor = visitorOf(deployment(email))
    await visitor.signInWithMicrosoft(email, claims)
    await visitor.ask('/auth/resend-verification', { email })
    await visitor.confirm(email)
    await expectNotGranted(email)
  })

  it('by moving an account to the address', async () => {
    const email = newEmail()
    const service = deployment(email)
    const account = await signedIn()
    const headers = { Authorization: `Bearer ${account.tokens.accessToken}` }
    const body = { newEmail: email, password: PASSWORD }
    expect((await callWorker(service, 'POST', '/auth/change-email', { body, headers })).status).toBe(202)
    const token = await mailedToken(account.email, 'change_email')
    expect((await callWorker(service, 'POST', '/auth/confirm-email-change', { body: { token } })).status).toBe(200)
    await expectNotGranted(email)
  })

  it.each(['the stranger', 'the owner'])('by a sign-up that was repeated, %s first', async (first) => {
    const email = newEmail()
    const service = deployment(email)
    const stranger = visitorOf(service, PASSWORD)
    const owner = visitorOf(service)
    const comers = first === 'the stranger' ? [stranger, owner] : [owner, stranger]
    for (const comer of comers) await comer.register(email)
    await stranger.ask('/auth/resend-verification', { email })
    await owner.confirm(email)
    await expectNotGranted(email)
    for (const comer of comers) expect((await comer.logIn(email)).status).not.toBe(200)
    await owner.setPasswordByMail(email)
    await expectGranted(email, 'password_reset')
    expect((await stranger.logIn(email)).status).toBe(401)
    expect((await owner.logIn(email)).status).toBe(200)
  })
})

describe('many acts at once (ASVS 2.3.3)', () => {
  it('make one admin where two deployments name different addresses on one database', {
    timeout: 60_000,
  }, async () => {
    const addresses = Array.from({ length: 8 }, newGmail)
    await Promise.all(addresses.map((email) => visitorOf(deployment(email)).signInWithGoogle(email)))
    expect(await countRows('user_roles', "role = 'admin'")).toBe(1)
    const recipients = await rows(
      `select recipient from outbox where kind = 'role_granted' and recipient in (${addresses.map(() => '?').join(', ')})`,
      ...addresses,
    )
    expect(recipients).toHaveLength(1)
    expect(await rolesOf(String(recipients[0]?.recipient))).toContain('admin')
  })

  it('give the role once to one account when they are a reset, a Confirm and a sign-in by the provider of the mailbox', {
    timeout: 60_000,
  }, async () => {
    const email = newGmail()
    const service = deployment(email)
    const owner = visitorOf(service)
    await owner.register(email)
    await owner.ask('/auth/forgot-password', { email })
    const token = await mailedToken(email, 'reset_password')
    const verification = await mailedToken(email, 'verify_email')
    await Promise.all([
      owner.ask('/auth/reset-password', { token, password: OWNERS_PASSWORD }),
      owner.ask('/auth/verify-email', { token: verification }),
      visitorOf(service).signInWithGoogle(email),
    ])
    expect(await rolesOf(email)).toEqual(['admin', 'user'])
    expect(await countRows('outbox', "kind = 'role_granted' and recipient = ?", email)).toBe(1)
  })
})
