import { afterAll, describe, expect, it } from 'vitest'
import { giveSecondFactor, mailedToken, signedIn } from '../support/accounts.ts'
import { createBrowser } from '../support/browser.ts'
import { newEmail, PASSWORD, waitForMail } from '../support/client.ts'
import { countRows, mailsSettled, rows } from '../support/database.ts'
import { interceptEnv } from '../support/intercept-env.ts'
import { locationOf, newSubject, newVerifier, oauthEnv, startPath, stubProviders } from '../support/providers.ts'
import { createVisitor, OWNERS_PASSWORD } from '../support/strangers.ts'

const providers = stubProviders()
const service = oauthEnv()
const visitor = (password = PASSWORD) => createVisitor(service, providers, { password })
const identitiesOf = (email: string) =>
  rows(
    `select provider, how, is_authority from identities join users on users.id = user_id
      where users.email = ? order by provider`,
    email,
  )
/** Waits for the mail to an address whose text holds these words. */
const mailWith = (to: string, words: string) => waitForMail(to, ({ text }) => text.includes(words))

afterAll(mailsSettled)

describe('the owner of an address is told', () => {
  it('which provider, and which account there, the Confirm button lets in, also when the mail is asked for again', async () => {
    const email = newEmail()
    await visitor().signInWithMicrosoft(email, {})
    const first = await mailWith(email, 'Confirm only if it is yours')
    expect(first.text).toContain(`Signs in with: Microsoft (${email})`)
    await visitor().ask('/auth/resend-verification', { email })
    const again = await waitForMail(email, ({ id }) => id !== first.id)
    expect(again.text).toContain(`Signs in with: Microsoft (${email})`)
    expect(again.text).toMatch(/^Time: /m)
  })

  it('when a provider makes an account of the address', async () => {
    const email = newEmail()
    await visitor().signInWithGitHub(email)
    const mail = await mailWith(email, 'created a Postern account with your address')
    expect(mail.text).toContain(`Signs in with: GitHub (${email})`)
    expect(mail.text).not.toContain('token=')
  })

  it('when a provider claims the account, and what that removed', async () => {
    const email = newEmail()
    await visitor().signInWithMicrosoft(email, {})
    await visitor().signInWithGitHub(email)
    const mail = await mailWith(email, 'confirmed your address')
    expect(mail.text).toContain(`Signs in with: GitHub (${email})`)
    expect(mail.text).toContain(`Removed: Microsoft (${email})`)
  })

  it('what a repeated sign-up removed, with a link to set a password, and that neither password works', async () => {
    const email = newEmail()
    await visitor().signInWithMicrosoft(email, {})
    await visitor(OWNERS_PASSWORD).register(email)
    const mail = await mailWith(email, 'no password works any more')
    expect(mail.text).toContain(`Removed: Microsoft (${email})`)
    expect(mail.text).toContain('/reset-password')
  })

  it('what a reset removed, and what goes on to sign in', async () => {
    const email = `${newSubject()}@gmail.com`
    const stranger = visitor()
    await stranger.signInWithGitHub(email)
    const owner = visitor(OWNERS_PASSWORD)
    await owner.setPasswordByMail(email)
    const removed = await mailWith(email, 'Removed:')
    expect(removed.text).toContain(`Removed: GitHub (${email})`)
    expect(removed.text).not.toContain('Goes on to work')
    await owner.signInWithGoogle(email)
    await owner.setPasswordByMail(email)
    const kept = await mailWith(email, 'Goes on to work:')
    expect(kept.text).toContain(`Goes on to work: Google (${email})`)
    expect(kept.text).not.toContain('Removed:')
  })
})

describe('an identity records how it came', () => {
  it('and survives a password reset where the owner of a confirmed account linked it', async () => {
    const { email } = await signedIn()
    const owner = visitor()
    await owner.logIn(email)
    expect(await owner.linkGitHub()).toBeNull()
    await owner.setPasswordByMail(email)
    expect(await identitiesOf(email)).toEqual([{ provider: 'github', how: 'linked', is_authority: 0 }])
  })

  it('and is unproven where an unproven session linked it, so that no identity of a stranger survives a reset', async () => {
    const email = newEmail()
    const stranger = visitor()
    await stranger.signInWithMicrosoft(email, { xms_edov: true })
    await stranger.linkGitHub()
    expect((await stranger.browser.fetch('DELETE', '/auth/oauth/microsoft')).status).toBe(204)
    expect(await identitiesOf(email)).toEqual([{ provider: 'github', how: 'linked', is_authority: 0 }])
    await visitor(OWNERS_PASSWORD).setPasswordByMail(email)
    expect(await identitiesOf(email)).toEqual([])
  })

  it.each([
    ['created', 1],
    ['claimed', 1],
    ['asked_by_mail', 0],
  ] as const)('%s', async (how, isAuthority) => {
    const email = `${newSubject()}@gmail.com`
    if (how === 'claimed') await visitor().register(email)
    if (how === 'asked_by_mail') await visitor().signInWithMicrosoft(email, {})
    else await visitor().signInWithGoogle(email)
    expect(await identitiesOf(email)).toMatchObject([{ how, is_authority: isAuthority }])
  })
})

describe('a login that was under way', () => {
  /** Begins a login through GitHub whose code then waits to be exchanged. */
  async function beginLogin(env: Env, github: { id: number }, email: string) {
    const browser = createBrowser(env)
    const { codeVerifier, codeChallenge } = newVerifier()
    const authorization = await browser.open(startPath('github', { delivery: 'body', codeChallenge }))
    const person = { ...github, emails: [{ email, primary: true, verified: true }] }
    const landing = locationOf(await browser.open(providers.github(authorization, person)))
    return () => browser.fetch('POST', '/auth/oauth/exchange', { code: landing.searchParams.get('code'), codeVerifier })
  }

  it('gets no session for a code that waited when the owner set a password', async () => {
    const email = newEmail()
    const stranger = visitor()
    const exchange = await beginLogin(service, stranger.github, email)
    await visitor(OWNERS_PASSWORD).setPasswordByMail(email)
    expect((await exchange()).status).toBe(401)
  })

  it('gets no session for a code that was made just after that by an identity that is gone', async () => {
    const email = newEmail()
    const stranger = visitor()
    await stranger.signInWithGitHub(email)
    let owner: (() => Promise<void>) | null = () => visitor(OWNERS_PASSWORD).setPasswordByMail(email)
    const racing = interceptEnv(service, async (call, proceed) => {
      const comes = call.sql.some((sql) => /insert into "login_exchanges"/.test(sql)) ? owner : null
      if (comes) owner = null
      await comes?.()
      return await proceed()
    })
    const exchange = await beginLogin(racing, stranger.github, email)
    expect(owner).toBeNull()
    expect((await exchange()).status).toBe(401)
    expect(await countRows('login_exchanges', 'user_id = (select id from users where email = ?)', email)).toBe(0)
  })

  it('never makes a link invalid with which the owner can set a password', async () => {
    const email = newEmail()
    const owner = visitor(OWNERS_PASSWORD)
    await owner.register(email)
    await owner.ask('/auth/forgot-password', { email })
    const token = await mailedToken(email, 'reset_password')
    await visitor().register(email)
    await visitor().signInWithMicrosoft(email, {})
    await visitor().signInWithMicrosoft(email, { xms_edov: true })
    expect((await owner.ask('/auth/reset-password', { token, password: OWNERS_PASSWORD })).status).toBe(204)
    expect(await identitiesOf(email)).toEqual([])
    expect((await owner.logIn(email)).status).toBe(200)
  })

  it('keeps the second factor of a verified account, because the mailbox alone must not be enough (ASVS 6.4.3)', async () => {
    const email = newEmail()
    const owner = visitor()
    await owner.signInWithGitHub(email)
    const [{ id } = {}] = await rows('select id from users where email = ?', email)
    await giveSecondFactor(String(id))
    await owner.setPasswordByMail(email)
    expect(await rows('select user_id from totp_secrets')).toEqual([{ user_id: id }])
  })
})
