import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { registered } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { get, newEmail, post, send, waitForMail } from '../../support/client.ts'

const text = z.string()
const Mailbox = z.object({
  items: z.array(z.strictObject({ id: text, to: text, subject: text, text, html: text, at: z.iso.datetime() })),
})
const mailsTo = async (to: string) => (await answerOf(await get(`/dev/mailbox.json?to=${to}`), Mailbox)).items

/** These are the bindings of the same Worker in production. */
const production = {
  ...env,
  ENVIRONMENT: 'production',
  ISSUER: 'https://auth.example.com',
  MAIL_TRANSPORT: 'binding',
  MAIL_FROM: 'Postern <no-reply@example.com>',
} as unknown as Env

describe('GET /dev/mailbox.json', () => {
  it('lists the mails to one address, newest first, in text and HTML', async () => {
    const { email } = await registered()
    await waitForMail(email)
    await post('/auth/forgot-password', { email })
    await waitForMail(email, ({ text }) => text.includes('/reset-password'))
    const items = await mailsTo(email)
    expect(items.map(({ text }) => text.includes('/reset-password'))).toEqual([true, false])
    for (const { to, subject, text, html, at } of items) {
      expect(to).toBe(email)
      expect(subject).not.toBe('')
      expect(text).toMatch(/#token=v1\.\S+/)
      expect(html).toContain('<html')
      expect(Math.abs(Date.now() - Date.parse(at))).toBeLessThan(60_000)
    }
    expect(new Set(items.map(({ id }) => id)).size).toBe(2)
  })

  it('finds an address in any case, and nothing for one that got none', async () => {
    const { email } = await registered()
    await waitForMail(email)
    expect(await mailsTo(email.toUpperCase())).toHaveLength(1)
    expect(await mailsTo(newEmail())).toEqual([])
  })

  it('lists all mails without an address', async () => {
    const { email } = await registered()
    await waitForMail(email)
    const { items } = await answerOf(await get('/dev/mailbox.json'), Mailbox)
    expect(items[0]?.to).toBe(email)
    expect(new Set(items.map(({ to }) => to)).size).toBeGreaterThan(1)
  })

  it('keeps one copy of a mail that is delivered twice', async () => {
    const to = newEmail()
    const mail = { id: 'twice', to, subject: 'Hello', text: 'Hello', html: '<p>Hello</p>' }
    const mailbox = env.DEV_MAILBOX.getByName('mailbox')
    await mailbox.store(mail)
    await mailbox.store(mail)
    expect(await mailsTo(to)).toHaveLength(1)
  })

  it('forgets the oldest beyond five hundred', async () => {
    const mailbox = env.DEV_MAILBOX.getByName('mailbox')
    for (let number = 0; number < 505; number += 1)
      await mailbox.store({ id: `flood-${number}`, to: 'flood@example.com', subject: `${number}`, text: '', html: '' })
    const { items } = await answerOf(await get('/dev/mailbox.json'), Mailbox)
    expect(items).toHaveLength(500)
    expect(items[0]?.subject).toBe('504')
  })
})

describe('GET /dev/mailbox', () => {
  it('is a page', async () => {
    const response = await get('/dev/mailbox')
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toMatch(/^text\/html/)
    expect(await response.text()).toContain('<html')
  })
})

describe('the development mailbox', () => {
  it.each(['/dev/mailbox', '/dev/mailbox.json', '/dev/mailbox.json?to=user1@example.com', '/dev/first-admin'])(
    'does not exist in production: %s',
    async (path) => {
      const response = await callWorker(production, 'GET', path, { origin: 'https://auth.example.com' })
      await expectRefusal(response, 404, 'not_found')
    },
  )

  it('does not appear in the OpenAPI document', async () => {
    const { paths } = (await (await get('/openapi.json')).json()) as { paths: object }
    expect(Object.keys(paths).filter((path) => path.startsWith('/dev'))).toEqual([])
    expect((await send('DELETE', '/dev/mailbox.json')).status).toBe(405)
  })
})
