import { afterAll, beforeAll } from 'vitest'
import type { TestHarness } from 'wrangler'
import type { OutgoingMail } from '../../../src/mail/message.ts'
import { renderMail } from '../../../src/mail/render.ts'
import { type Certificate, createAuthority, createServerCertificate, trustAuthority } from './certificate.ts'
import { type MailServer, type ScriptedServer, startMailServer, startScriptedServer } from './mail-server.ts'
import type { Delivery } from './smtp-worker.ts'

export const ACCEPTED: Delivery = { delivered: true, reason: '', permanent: false }
export const LINK = 'https://id.example.com/verify-email#token=abc.def-_=='
export const rendered = renderMail(
  { kind: 'verify_email', locale: 'de', link: LINK, code: '01234567', details: { minutes: '60' } },
  { productName: 'Pförtner', color: '#0f766e', logoUrl: null },
)

/** Composes a mail in German with everything that a charset can get wrong. */
export function compose(overrides: Partial<OutgoingMail> = {}): OutgoingMail {
  const addresses = { from: 'Pförtner <no-reply@example.com>', to: 'anna@example.org' }
  return { id: '0198-mail-1', ...addresses, ...rendered, ...overrides }
}

const REPLIES: Record<string, string> = {
  EHLO: '250 ok\r\n',
  MAIL: '250 ok\r\n',
  RCPT: '250 ok\r\n',
  DATA: '354 go on\r\n',
  QUIT: '221 bye\r\n',
}

/** Answers a command as a decent server does, and says nothing to a line of the message. */
export function speak(line: string): string {
  return REPLIES[line.slice(0, 4)] ?? ''
}

/** These time-outs have about the proportion of the real ones, but a test does not wait long for them. */
export const IMPATIENT_MS = { step: 500, delivery: 1_500 }

export interface SmtpBench {
  /** Makes the Worker send one mail through the real transport. */
  send(smtpUrl: string, mail?: OutgoingMail): Promise<Delivery>
  /** Does the same with a transport that has little patience, and measures how long it took. */
  sendImpatiently(smtpUrl: string): Promise<{ delivery: Delivery; tookMs: number }>
  start(options?: Parameters<typeof startMailServer>[0]): Promise<MailServer>
  script(...actions: Parameters<typeof startScriptedServer>): Promise<ScriptedServer>
  /** Nobody should accept these certificates for `localhost`. */
  badCertificates: Record<'unknownAuthority' | 'otherHost', Certificate>
}

/**
 * Starts a Worker with the real transport for one test file. When the file ends, it stops the Worker and every server.
 */
export function useSmtpBench(): SmtpBench {
  const open: { close(): Promise<void> }[] = []
  let harness: TestHarness
  let certificate: Certificate
  const order = async (body: object) => {
    const response = await harness.fetch('/', { method: 'POST', body: JSON.stringify(body) })
    return (await response.json()) as Delivery
  }
  const bench: SmtpBench = {
    send: (smtpUrl, mail = compose()) => order({ smtpUrl, mail }),
    async sendImpatiently(smtpUrl) {
      const started = performance.now()
      const delivery = await order({ smtpUrl, mail: compose(), timeoutsMs: IMPATIENT_MS })
      return { delivery, tookMs: performance.now() - started }
    },
    async start(options = {}) {
      const server = await startMailServer({ ...certificate, ...options })
      open.push(server)
      return server
    },
    async script(...actions) {
      const server = await startScriptedServer(...actions)
      open.push(server)
      return server
    },
    badCertificates: { unknownAuthority: { key: '', cert: '' }, otherHost: { key: '', cert: '' } },
  }

  beforeAll(async () => {
    const authority = await createAuthority()
    certificate = await createServerCertificate(authority, 'localhost')
    bench.badCertificates.otherHost = await createServerCertificate(authority, 'mail.example.com')
    bench.badCertificates.unknownAuthority = await createServerCertificate(await createAuthority(), 'localhost')
    await trustAuthority(authority)
    const { createTestHarness, unstable_readConfig } = await import('wrangler')
    // Production leaves out parts of Nodemailer, so this Worker does too.
    const { alias } = unstable_readConfig({ config: 'wrangler.toml', env: 'production' })
    const config = {
      name: 'smtp-test',
      main: 'test/e2e/support/smtp-worker.ts',
      compatibility_date: '2026-09-18',
      compatibility_flags: ['nodejs_compat'],
      ...(alias === undefined ? {} : { alias }),
    }
    harness = createTestHarness({ workers: [{ config }] })
    await harness.listen()
  })

  afterAll(async () => {
    await Promise.all(open.map((server) => server.close()))
    await harness?.close()
  })

  return bench
}
