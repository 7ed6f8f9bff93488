import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import type { MailboxItem } from '../../../src/durable-objects/dev-mailbox.ts'
import { MAIL_KINDS, type MailKind } from '../../../src/mail/message.ts'
import { de } from '../../../src/mail/texts/de.ts'
import { en } from '../../../src/mail/texts/en.ts'
import { administrator, giveSecondFactor, mailedToken, signedIn, verified } from '../../support/accounts.ts'
import { callWorker } from '../../support/call-worker.ts'
import {
  bearer,
  codeIn,
  logIn,
  newEmail,
  ORIGIN,
  PASSWORD,
  post,
  send,
  tokenIn,
  waitForMail,
} from '../../support/client.ts'
import { rows } from '../../support/database.ts'
import { enrol } from '../../support/factors.ts'
import { logInWith, withPasskey } from '../../support/passkeys.ts'
import { addPasskey, pressNotMe, undoTokenOf } from '../../support/undo.ts'

const FACTS = {
  product: 'Postern',
  duration: '',
  email: '',
  factor: '',
  left: '',
  signIn: '',
  dropped: '',
  kept: '',
  roles: '',
  isUnconfirmed: false,
}
/** Waits for the mail of a kind, which it recognizes by its subject. */
const mailOf = (to: string, kind: MailKind, texts = en): Promise<MailboxItem> =>
  waitForMail(to, ({ subject }) => subject === texts.mails[kind](FACTS).subject)

/**
 * Expects what every mail with a link must hold: once in each part, the address of one of our pages with a token, and
 * eight digits that work on the same page.
 */
function expectLinkAndCode(mail: MailboxItem, page: string): void {
  const link = `${ORIGIN}${page}#token=${tokenIn(mail)}`
  expect(mail.text.split('\n')).toContain(link)
  expect(mail.html).toContain(`href="${link}"`)
  expect(codeIn(mail)).toMatch(/^\d{8}$/)
  expect(mail.html.replaceAll(/<[^>]*>/g, '')).toContain(codeIn(mail))
}

/** Expects a notice by whose link its reader undoes what it tells of. It holds no code. */
function expectUndoLink(mail: MailboxItem): void {
  const link = `${ORIGIN}/not-me#token=${tokenIn(mail)}`
  expect(mail.text.split('\n')).toContain(link)
  expect(mail.html).toContain(`href="${link}"`)
  expect(mail.text).toContain('within 7 days')
  expect(mail.text).not.toMatch(/^\d{8}$/m)
}

/** Expects a notice, which holds nothing that opens anything. It leads to the account where there is one to look at. */
function expectNotice(mail: MailboxItem, { leadsToAccount }: { leadsToAccount: boolean }): void {
  expect(mail.text.split('\n').includes(`${ORIGIN}/account`)).toBe(leadsToAccount)
  expect(mail.html.includes(`href="${ORIGIN}/account"`)).toBe(leadsToAccount)
  expect(mail.text).not.toMatch(/token=|^\d{8}$/m)
  expect(mail.html).not.toContain('token=')
}

const deleteWithGrace = ({ accessToken }: { accessToken: string }) =>
  callWorker({ ...env, DELETION_GRACE_DAYS: '7' } as unknown as Env, 'DELETE', '/auth/me', {
    headers: bearer(accessToken),
  })

const seen = new Set<MailKind>()
const sends = (kind: MailKind, title: string, test: () => Promise<void>) => {
  seen.add(kind)
  it(`${kind}: ${title}`, test)
}

describe('each kind of mail is sent where its event happens', () => {
  sends('verify_email', 'on signing up, and again on request', async () => {
    const email = newEmail()
    await post('/auth/register', { email, password: PASSWORD })
    const first = await mailOf(email, 'verify_email')
    expectLinkAndCode(first, '/verify-email')
    expect(first.text).toContain('24 hours')
    await post('/auth/resend-verification', { email })
    const again = await waitForMail(email, ({ id }) => id !== first.id)
    expectLinkAndCode(again, '/verify-email')
    expect(tokenIn(again)).not.toBe(tokenIn(first))
  })

  sends('already_registered', 'on signing up with an address that has an account', async () => {
    const { email } = await verified()
    await post('/auth/register', { email, password: PASSWORD })
    expectLinkAndCode(await mailOf(email, 'already_registered'), '/reset-password')
  })

  sends('already_registered', 'to the owner of an address that somebody else wants to change to', async () => {
    const { email } = await verified()
    const other = await signedIn()
    await post('/auth/change-email', { newEmail: email, password: PASSWORD }, bearer(other.tokens.accessToken))
    expectNotice(await mailOf(email, 'already_registered'), { leadsToAccount: false })
  })

  sends('reset_password', 'on request', async () => {
    const { email } = await verified()
    await post('/auth/forgot-password', { email })
    const mail = await mailOf(email, 'reset_password')
    expectLinkAndCode(mail, '/reset-password')
    expect(mail.text).toContain('1 hour')
  })

  sends('password_changed', 'after a reset and after a change, with when and from what', async () => {
    const { email, tokens } = await signedIn()
    const changed = { currentPassword: PASSWORD, newPassword: `${PASSWORD} two` }
    const headers = {
      ...bearer(tokens.accessToken),
      'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    }
    expect((await post('/auth/change-password', changed, headers)).status).toBe(204)
    const first = await mailOf(email, 'password_changed')
    expectUndoLink(first)
    expect(first.text).toMatch(/Time: .* UTC\nDevice: Firefox on Linux/)
    await post('/auth/forgot-password', { email })
    const token = tokenIn(await mailOf(email, 'reset_password'))
    expect((await post('/auth/reset-password', { token, password: `${PASSWORD} three` })).status).toBe(204)
    const second = await waitForMail(email, ({ id, subject }) => subject === first.subject && id !== first.id)
    expectUndoLink(second)
  })

  sends('confirm_email_change', 'to the new address', async () => {
    const { tokens } = await signedIn()
    const email = newEmail()
    await post('/auth/change-email', { newEmail: email, password: PASSWORD }, bearer(tokens.accessToken))
    const mail = await mailOf(email, 'confirm_email_change')
    expectLinkAndCode(mail, '/confirm-email-change')
    expect(mail.text).toContain('The link and the code work once, for 1 hour.')
  })

  sends('email_changed', 'to the old address, which names the new one in part only', async () => {
    const { email: old, tokens } = await signedIn()
    const email = newEmail()
    await post('/auth/change-email', { newEmail: email, password: PASSWORD }, bearer(tokens.accessToken))
    await post('/auth/confirm-email-change', { token: tokenIn(await mailOf(email, 'confirm_email_change')) })
    const mail = await mailOf(old, 'email_changed')
    expectUndoLink(mail)
    expect(mail.text).toContain('u***@example.com')
    expect(mail.text).not.toContain(email)
  })

  sends('new_email_in_use', 'to the new address of a change, without a link that undoes it', async () => {
    const { tokens } = await signedIn()
    const email = newEmail()
    await post('/auth/change-email', { newEmail: email, password: PASSWORD }, bearer(tokens.accessToken))
    await post('/auth/confirm-email-change', { token: await mailedToken(email, 'change_email') })
    expectNotice(await mailOf(email, 'new_email_in_use'), { leadsToAccount: true })
  })

  sends('factor_added', 'when a factor is added, with its name', async () => {
    const { email } = await signedIn()
    await addPasskey(email)
    const mail = await mailOf(email, 'factor_added')
    expectUndoLink(mail)
    expect(mail.text).toContain('Phone')
  })

  sends(
    'account_reverted',
    'to the address that an undo gives back, with a link and a code to set a password',
    async () => {
      const { email } = await signedIn()
      await addPasskey(email)
      expect((await pressNotMe(tokenIn(await mailOf(email, 'factor_added')))).status).toBe(204)
      const mail = await mailOf(email, 'account_reverted')
      expectLinkAndCode(mail, '/reset-password')
      const password = 'four other words instead'
      expect((await post('/auth/reset-password', { token: tokenIn(mail), password })).status).toBe(204)
    },
  )

  sends('address_reverted', 'to the address that an undo takes away', async () => {
    const { email: old, tokens } = await signedIn()
    const email = newEmail()
    await post('/auth/change-email', { newEmail: email, password: PASSWORD }, bearer(tokens.accessToken))
    await post('/auth/confirm-email-change', { token: await mailedToken(email, 'change_email') })
    expect((await pressNotMe(await undoTokenOf(old, 'email_changed'))).status).toBe(204)
    expectNotice(await mailOf(email, 'address_reverted'), { leadsToAccount: false })
  })

  sends('one_time_code', 'for a login that waits for its second factor', async () => {
    const { email, id } = await verified()
    await giveSecondFactor(id)
    const lenient = { ...env, MFA_EMAIL_FALLBACK: 'on' } as unknown as Env
    const ask = (path: string, body: object) => callWorker(lenient, 'POST', path, { body })
    const login = await ask('/auth/login', { identifier: email, password: PASSWORD })
    const { ticket } = (await login.json()) as { ticket: string }
    expect((await ask('/auth/login/mfa/email', { ticket })).status).toBe(202)
    const mail = await mailOf(email, 'one_time_code')
    expect(mail.text).not.toContain('token=')
    expect(mail.text).toContain('for 10 minutes')
    const answer = await ask('/auth/login/mfa', { ticket, method: 'email', code: codeIn(mail) })
    expect(answer.status).toBe(200)
  })

  sends('factor_added', 'when an authenticator app is activated, with when and from what', async () => {
    const { email, tokens } = await signedIn()
    await enrol(tokens.accessToken)
    const mail = await mailOf(email, 'factor_added')
    expectUndoLink(mail)
    expect(mail.text).toMatch(/authenticator app[\s\S]*Time: .* UTC/)
  })

  sends('factor_removed', 'when it is removed', async () => {
    const { email, tokens } = await signedIn()
    await enrol(tokens.accessToken)
    await send('DELETE', '/auth/mfa/totp', { headers: bearer(tokens.accessToken) })
    const mail = await mailOf(email, 'factor_removed')
    expectUndoLink(mail)
    expect(mail.text).toContain('authenticator app')
  })

  sends('recovery_code_used', 'on a login by a recovery code, with how many are left', async () => {
    const { email, tokens } = await signedIn()
    const { recoveryCodes } = await enrol(tokens.accessToken)
    const login = await post('/auth/login', { identifier: email, password: PASSWORD })
    const { ticket } = (await login.json()) as { ticket: string }
    await post('/auth/login/mfa', { ticket, method: 'recovery_code', code: recoveryCodes[3] })
    const mail = await mailOf(email, 'recovery_code_used')
    expectNotice(mail, { leadsToAccount: true })
    expect(mail.text).toContain('Recovery codes that are left: 9.')
    expect(mail.text).not.toContain(String(recoveryCodes[3]))
  })

  sends('passkey_copied', 'when the counter of a passkey goes back', async () => {
    const { authenticator, email, passkey } = await withPasskey()
    for (const counter of [2, 1]) expect((await logInWith(authenticator, { lies: { counter } })).status).toBe(200)
    const mail = await mailOf(email, 'passkey_copied')
    expectNotice(mail, { leadsToAccount: true })
    expect(mail.text).toContain(passkey.name)
  })

  sends('new_device', 'on a login from a device that the account does not know', async () => {
    const { email } = await signedIn()
    await logIn(email)
    expectNotice(await mailOf(email, 'new_device'), { leadsToAccount: true })
  })

  sends('account_deleted', 'to the address the account had', async () => {
    const { email, tokens } = await signedIn()
    expect((await send('DELETE', '/auth/me', { body: {}, headers: bearer(tokens.accessToken) })).status).toBe(204)
    expectNotice(await mailOf(email, 'account_deleted'), { leadsToAccount: false })
  })

  sends('deletion_scheduled', 'when its owner deletes an account that has days of grace', async () => {
    const { email, tokens } = await signedIn()
    await deleteWithGrace(tokens)
    expectNotice(await mailOf(email, 'deletion_scheduled'), { leadsToAccount: true })
  })

  sends('deletion_stopped', 'when a login keeps an account that was to be deleted', async () => {
    const { email, tokens } = await signedIn()
    await deleteWithGrace(tokens)
    await logIn(email)
    expectNotice(await mailOf(email, 'deletion_stopped'), { leadsToAccount: true })
  })

  sends('roles_changed', 'when an administrator gives or takes roles', async () => {
    const admin = await administrator()
    const { email, id } = await verified()
    await admin.send('PUT', `/users/${id}/roles`, { roles: ['admin'] })
    const mail = await mailOf(email, 'roles_changed')
    expectNotice(mail, { leadsToAccount: true })
    expect(mail.text).toContain('admin, user')
  })

  sends('account_deactivated', 'when an administrator deactivates an account', async () => {
    const admin = await administrator()
    const { email, id } = await verified()
    await admin.send('PATCH', `/users/${id}`, { status: 'deactivated' })
    expectNotice(await mailOf(email, 'account_deactivated'), { leadsToAccount: false })
  })

  sends('account_reactivated', 'when an administrator lets somebody back in', async () => {
    const admin = await administrator()
    const { email, id } = await verified()
    for (const status of ['deactivated', 'active']) await admin.send('PATCH', `/users/${id}`, { status })
    expectNotice(await mailOf(email, 'account_reactivated'), { leadsToAccount: true })
  })

  sends('profile_changed', 'when an administrator changes a name, and says no name', async () => {
    const admin = await administrator()
    const { email, id } = await verified()
    await admin.send('PATCH', `/users/${id}`, { name: 'Grace Hopper' })
    const mail = await mailOf(email, 'profile_changed')
    expectNotice(mail, { leadsToAccount: true })
    expect(mail.text).not.toContain('Grace')
  })

  sends('signed_out', 'when an administrator signs somebody out', async () => {
    const admin = await administrator()
    const { email, id } = await signedIn()
    await admin.send('DELETE', `/users/${id}/sessions`)
    expectNotice(await mailOf(email, 'signed_out'), { leadsToAccount: true })
  })

  sends('password_reset_required', 'when an administrator makes somebody set a new password', async () => {
    const admin = await administrator()
    const { email, id } = await verified()
    await admin.send('POST', `/users/${id}/password-reset`)
    expectLinkAndCode(await mailOf(email, 'password_reset_required'), '/reset-password')
  })

  it('except the kinds listed here, which other tests cover', () => {
    // The mails about providers are tested in test/integration/federation and test/security, those about lost factors
    // in test/integration/factors, those about a reserved address and the first administrator in test/security.
    expect(MAIL_KINDS.filter((kind) => !seen.has(kind))).toEqual([
      'account_created',
      'account_claimed',
      'address_reserved',
      'factor_removal_requested',
      'factors_removed',
      'role_granted',
    ])
  })
})

describe('the language of a mail', () => {
  it.each([
    ['de', de],
    ['de-AT,en;q=0.5', de],
    ['fr-FR, de;q=0.8, en;q=0.5', de],
    ['en-GB,de;q=0.9', en],
    ['fr, es', en],
    ['*', en],
    ['', en],
  ])('follows Accept-Language %j', async (language, texts) => {
    const email = newEmail()
    await post('/auth/register', { email, password: PASSWORD }, { 'Accept-Language': language })
    const mail = await mailOf(email, 'verify_email', texts)
    expect(mail.html).toContain(`<html lang="${texts === de ? 'de' : 'en'}"`)
  })

  it('is that of the account in a notice', async () => {
    const email = newEmail()
    await post('/auth/register', { email, password: PASSWORD }, { 'Accept-Language': 'de' })
    await post('/auth/verify-email', { token: tokenIn(await mailOf(email, 'verify_email', de)) })
    await logIn(email)
    await logIn(email, PASSWORD, { 'Accept-Language': 'en' })
    await mailOf(email, 'new_device', de)
  })
})

describe('links', () => {
  it('lead to APP_URL and never to the host of the request (supabase/auth GHSA-3529-5m8x-rpv3)', async () => {
    const email = newEmail()
    const response = await post(
      '/auth/register',
      { email, password: PASSWORD },
      { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', Forwarded: 'host=evil.example' },
    )
    expect(response.status).toBe(202)
    const mail = await mailOf(email, 'verify_email')
    expect(mail.text).toContain(`${ORIGIN}/verify-email#token=`)
    expect(mail.text + mail.html).not.toContain('evil')
  })
})

describe('every way an address enters (GHSA-7rqj-j65f-68wh)', () => {
  const REFUSED = [
    'ada＠example.com',
    'ada@example.com@evil.example',
    '"ada@evil.example"@example.com',
    'ada@example.com\r\nBcc: eve@evil.example',
    'ada@exаmple',
    'ada@[127.0.0.1]',
    'a\u200bda@example.com',
    'ada@example.com, eve@evil.example',
  ]
  let accessToken = ''
  beforeAll(async () => {
    accessToken = (await signedIn()).tokens.accessToken
  })

  it.each([
    ['/auth/register', 'email', { password: PASSWORD }],
    ['/auth/resend-verification', 'email', {}],
    ['/auth/forgot-password', 'email', {}],
    ['/auth/verify-email', 'email', { code: '12345678' }],
    ['/auth/reset-password', 'email', { code: '12345678', password: PASSWORD }],
    ['/auth/confirm-email-change', 'email', { code: '12345678' }],
    ['/auth/change-email', 'newEmail', { password: PASSWORD }],
  ])('%s refuses text that is not an address, or that looks like another address', async (path, field, body) => {
    for (const address of REFUSED) {
      const response = await post(path, { ...body, [field]: address }, bearer(accessToken))
      expect([address, response.status]).toEqual([address, 400])
    }
    expect(await rows("select recipient from outbox where recipient like '%evil%' or recipient like '%xn--%'")).toEqual(
      [],
    )
  })

  it('a login with such an address finds no account', async () => {
    for (const identifier of REFUSED) {
      const response = await post('/auth/login', { identifier, password: PASSWORD })
      expect([identifier, response.status]).toEqual([identifier, 401])
    }
  })

  it('two spellings of one mailbox are one account', async () => {
    await post('/auth/register', { email: 'Grete@BÜCHER.example', password: PASSWORD })
    const token = tokenIn(await mailOf('grete@xn--bcher-kva.example', 'verify_email'))
    expect((await post('/auth/verify-email', { token })).status).toBe(200)
    await logIn('grete@xn--bcher-kva.example')
    await logIn('GRETE@bücher.EXAMPLE')
    await post('/auth/register', { email: 'grete@Bücher.example', password: PASSWORD })
    await mailOf('grete@xn--bcher-kva.example', 'already_registered')
  })
})
