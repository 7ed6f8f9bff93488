import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unstable_readConfig } from 'wrangler'
import { type Certificate, createAuthority, createServerCertificate, trustAuthority } from './support/certificate.ts'
import { type MailServer, type Received, refuse, startMailServer } from './support/mail-server.ts'
import {
  deadLetters,
  eventually,
  logLines,
  PASSWORD,
  post,
  query,
  readMail,
  register,
  skipRetryPause,
  startMailService,
} from './support/mail-service.ts'
import type { Service } from './support/service.ts'

const SMTP_PASSWORD = 'p%C3%A4ss%2Fword'

let certificate: Certificate
beforeAll(async () => {
  const authority = await createAuthority()
  certificate = await createServerCertificate(authority, 'localhost')
  await trustAuthority(authority)
})

describe('the whole Worker and a real mail server: AUTH over STARTTLS', () => {
  let server: MailServer
  let service: Service
  /** For each address, this counts how often a mail to it was tried. */
  const tries = new Map<string, number>()
  const countTry = (address: string) => {
    const count = (tries.get(address) ?? 0) + 1
    tries.set(address, count)
    return count
  }
  let answerRecipient = (done: () => void): unknown => done()
  let isLoginRefused = false
  const mailsTo = (email: string): Received[] => server.received.filter(({ to }) => to.includes(email))
  const mailTo = (email: string, seconds?: number) => eventually(() => mailsTo(email)[0], seconds)

  /**
   * Waits until a mail is recorded as delivered, and until everything that was announced before then has been tried.
   */
  const settled = async (email: string) => {
    const state = "select id from outbox where recipient = ? and state = 'delivered'"
    await eventually(() => query(service, state, email)[0])
    await mailTo(await register(service, 'behind'))
  }

  /** These mails need a retry. They are asked for at the start, so that they fail while other tests run. */
  let soft = ''
  let lost = ''
  let hard = ''

  beforeAll(async () => {
    server = await startMailServer(
      {
        ...certificate,
        authMethods: ['PLAIN'],
        onRcptTo({ address }, _session, done) {
          const count = countTry(address)
          if (address.startsWith('hard-')) done(refuse(550, `no such user ${address}`))
          else if (address.startsWith('soft-') && count === 1) done(refuse(451, `greylisted ${address}`))
          else answerRecipient(done)
        },
      },
      {
        refuseLogin: () => (isLoginRefused ? refuse(535, 'authentication failed for postern') : null),
        cutAfter: ({ to: [to = ''] }) => to.startsWith('lost-') && tries.get(to) === 1,
      },
    )
    service = await startMailService({
      MAIL_TRANSPORT: 'smtp',
      SMTP_URL: `smtp://postern:${SMTP_PASSWORD}@localhost:${server.port}`,
    })
    ;[soft, lost, hard] = [
      await register(service, 'soft'),
      await register(service, 'lost'),
      await register(service, 'hard'),
    ]
  })
  afterAll(async () => {
    await service?.stop()
    await server?.close()
  })

  it('the mail of a registration is a message that every mail program reads', async () => {
    const email = await register(service, 'anna')
    const received = await mailTo(email)
    expect(received).toMatchObject({ secure: true, user: 'postern', from: 'no-reply@example.com', to: [email] })
    const raw = received.raw.toString('latin1')
    expect(Math.max(...raw.split('\r\n').map(({ length }) => length))).toBeLessThanOrEqual(76)
    expect(raw).toMatch(/^[\t\r\n -~]*$/)
    expect(raw).toMatch(/^content-type: multipart\/alternative/im)
    expect(raw.match(/content-type: text\/(plain|html); charset=utf-8/gi)).toHaveLength(2)
    const mail = await readMail(received.raw)
    expect(mail.subject).toBe('Confirm your e-mail address for Postern')
    expect(mail.from).toMatchObject({ name: 'Postern', address: 'no-reply@example.com' })
    expect(mail.text?.split(/\r?\n/)).toContain(mail.link)
    expect(mail.link).toMatch(new RegExp(`^${service.origin}/verify-email#token=[\\w.-]+[A-Za-z0-9]$`))
    expect(mail.html).toContain(`href="${mail.link}"`)
    const [row] = query(service, 'select id from outbox where recipient = ?', email)
    expect(mail.messageId).toBe(`<${String(row?.id)}@example.com>`)
  })

  it('opening the link of a mail consumes nothing, so the token works after that (supabase/auth#1214)', async () => {
    const email = await register(service, 'scanned')
    const { link } = await readMail((await mailTo(email)).raw)
    for (const method of ['GET', 'HEAD', 'GET', 'HEAD', 'GET']) {
      const response = await fetch(link, { method, headers: { 'User-Agent': 'MailScanner/1.0' } })
      expect(response.status).toBe(200)
      expect(response.headers.get('Content-Type')).toMatch(/^text\/html/)
      await response.text()
    }
    const attempt = { identifier: email, password: PASSWORD }
    expect((await post(service, '/auth/login', attempt)).status).toBe(401)
    const token = link.split('#token=')[1] ?? ''
    expect((await post(service, '/auth/verify-email', { token })).status).toBe(200)
    expect((await post(service, '/auth/login', attempt)).status).toBe(200)
  })

  it('the code of the mail works too, with the address', async () => {
    const email = await register(service, 'code')
    const { code } = await readMail((await mailTo(email)).raw)
    expect((await post(service, '/auth/verify-email', { email, code })).status).toBe(200)
  })

  it('a mail is in German for whoever asks in German', async () => {
    const email = await register(service, 'grete', { 'Accept-Language': 'de-DE,de;q=0.9,en;q=0.5' })
    const mail = await readMail((await mailTo(email)).raw)
    expect(mail.subject).toBe('Bestätige deine E-Mail-Adresse für Postern')
    expect(mail.text).toContain('lassen sich einmal verwenden und sind 24 Stunden gültig')
  })

  it('no answer waits for a slow mail server (supabase/auth#1955)', { timeout: 120_000 }, async () => {
    const stalled: (() => void)[] = []
    answerRecipient = (done) => stalled.push(done)
    await register(service, 'first')
    await eventually(() => (stalled.length > 0 ? true : undefined))
    // The server holds a mail and does not answer until each of these requests is answered.
    for (let index = 0; index < 7; index += 1) await register(service, 'slow')
    const arrived = () => server.received.filter(({ to: [to = ''] }) => /^(first|slow)-/.test(to)).length
    expect(arrived()).toBe(0)
    answerRecipient = (done) => done()
    for (const done of stalled) done()
    // Every mail arrives, although the server was so slow.
    await eventually(() => arrived() === 8 || undefined, 90)
  })

  it('a mail that is refused for good is given up, audited for its user and sent to the dead-letter queue', async () => {
    const [row] = await eventually(() => {
      const rows = query(service, "select * from outbox where recipient = ? and state = 'failed'", hard)
      return rows.length > 0 ? rows : undefined
    })
    expect(row).toMatchObject({ attempts: 1, last_error: 'smtp 550 RCPT TO' })
    const events = query(service, "select * from audit_events where type = 'mail.failed'")
    const [user] = query(service, 'select id from users where email = ?', hard)
    expect(events).toMatchObject([{ user_id: user?.id, actor_id: null }])
    const about = { outboxId: row?.id, kind: 'verify_email', attempts: 1, reason: 'smtp 550 RCPT TO' }
    expect(JSON.parse(String(events[0]?.details))).toEqual(about)
    const letters = await eventually(() => (deadLetters(service).length > 0 ? deadLetters(service) : undefined))
    expect(letters).toEqual([{ ...about, failedAt: expect.any(String) }])
    expect(tries.get(hard)).toBe(1)
  })

  it('a mail that is refused for now is tried again by itself, and arrives once', async () => {
    await skipRetryPause(service, soft)
    await mailTo(soft)
    await settled(soft)
    expect(mailsTo(soft)).toHaveLength(1)
    expect(tries.get(soft)).toBe(2)
    const state = () => query(service, 'select state, attempts from outbox where recipient = ?', soft)
    expect(state()).toMatchObject([{ state: 'delivered', attempts: 2 }])
  })

  it('a mail whose acceptance was lost with the connection is sent once more, as the same message', async () => {
    await skipRetryPause(service, lost)
    await eventually(() => (mailsTo(lost).length === 2 ? true : undefined))
    await settled(lost)
    const [first, second, ...more] = await Promise.all(mailsTo(lost).map(({ raw }) => readMail(raw)))
    expect(more).toEqual([])
    expect(first?.messageId).toBe(second?.messageId)
    expect(first?.link).toBe(second?.link)
    expect(query(service, 'select state from outbox where recipient = ?', lost)).toMatchObject([{ state: 'delivered' }])
  })

  it('no mail is lost when the mail server refuses our login', async () => {
    isLoginRefused = true
    const email = await register(service, 'patient')
    const row = () => query(service, 'select state, last_error from outbox where recipient = ?', email)[0]
    await eventually(() => (row()?.last_error ? true : undefined))
    expect(row()).toMatchObject({ state: 'pending', last_error: 'smtp 535 AUTH PLAIN' })
    isLoginRefused = false
    await skipRetryPause(service, email)
    await mailTo(email)
  })

  it('the log holds no address, token, code or password', async () => {
    const lines = logLines(service).join('\n')
    expect(lines).toContain('"message":"mail delivered"')
    expect(lines).toContain('"message":"mail failed"')
    for (const { to, raw } of server.received) {
      const { link, code } = await readMail(raw)
      for (const secret of [to[0] ?? '', link.split('#token=')[1] ?? '', code]) {
        expect(secret).not.toBe('')
        expect(lines).not.toContain(secret)
      }
    }
    expect(lines).not.toMatch(/example\.org|ss\/word|ss%2Fword|four unrelated/)
  })
})

describe('the whole Worker and a real mail server: TLS from the first byte, with a brand', () => {
  let server: MailServer
  let service: Service
  beforeAll(async () => {
    server = await startMailServer({ ...certificate, secure: true, authMethods: ['LOGIN'] })
    service = await startMailService({
      MAIL_TRANSPORT: 'smtp',
      SMTP_URL: `smtps://postern:${SMTP_PASSWORD}@localhost:${server.port}`,
      MAIL_FROM: '"Pförtner, Söhne & Co" <no-reply@bücher.example>',
      PRODUCT_NAME: 'Pförtner & Söhne',
      BRAND_COLOR: '#7c3aed',
      BRAND_LOGO_URL: 'https://www.example.com/logo.png',
      APP_URL: 'https://app.example.com/konto',
    })
  })
  afterAll(async () => {
    await service?.stop()
    await server?.close()
  })

  it('a mail is delivered, and looks as the configuration says', async () => {
    const email = await register(service, 'brand')
    const received = await eventually(() => server.received.find(({ to }) => to.includes(email)))
    expect(received).toMatchObject({ secure: true, method: 'LOGIN', user: 'postern', password: 'päss/word' })
    expect(received.raw.toString()).toContain('<no-reply@xn--bcher-kva.example>')
    const mail = await readMail(received.raw)
    expect(mail.from?.name).toBe('Pförtner, Söhne & Co')
    expect(mail.subject).toBe('Confirm your e-mail address for Pförtner & Söhne')
    expect(mail.text).toContain('Welcome to Pförtner & Söhne.')
    expect(mail.html).toContain('background:#7c3aed')
    expect(mail.html).toContain('<img src="https://www.example.com/logo.png" alt=""')
    expect(mail.html).toContain('Pförtner &amp; Söhne')
    expect(mail.html).not.toContain('Postern')
    expect(mail.link).toMatch(/^https:\/\/app\.example\.com\/konto\/verify-email#token=/)
  })
})

/** These are the parts that are read of the queues in `wrangler.toml`. */
interface Queues {
  producers?: { binding: string; queue: string }[]
  consumers?: { queue: string; dead_letter_queue?: string; max_batch_size?: number; max_concurrency?: number | null }[]
}

describe('the queues of both environments', () => {
  it.each(['development', 'production'])('%s: ten mails at most are delivered at the same time', (env) => {
    const { consumers, producers }: Queues = unstable_readConfig({ config: 'wrangler.toml', env }).queues
    const mails = producers?.find(({ binding }) => binding === 'MAIL_QUEUE')?.queue
    // `test/integration/mail/bursts.test.ts` shows that these are enough.
    expect(consumers?.find(({ queue }) => queue === mails)).toMatchObject({ max_batch_size: 5, max_concurrency: 2 })
  })

  it.each(['development', 'production'])('%s: the queue of dead letters is the one that the consumer names', (env) => {
    const queues: Queues = unstable_readConfig({ config: 'wrangler.toml', env }).queues
    const queueOf = (name: string) => queues.producers?.find(({ binding }) => binding === name)?.queue
    const consumer = queues.consumers?.find(({ queue }) => queue === queueOf('MAIL_QUEUE'))
    expect(queueOf('MAIL_DEAD_QUEUE')).toBe(consumer?.dead_letter_queue)
    expect(queueOf('MAIL_DEAD_QUEUE')).toBeDefined()
    // This queue has no consumer, because an operator reads it (docs/operations.md).
    expect(queues.consumers?.map(({ queue }) => queue)).not.toContain(queueOf('MAIL_DEAD_QUEUE'))
  })
})
