import PostalMime from 'postal-mime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestHarness } from 'wrangler'
import type { OutgoingMail } from '../../src/mail/message.ts'
import { renderMail } from '../../src/mail/render.ts'
import { type Certificate, createAuthority, createServerCertificate, trustAuthority } from './support/certificate.ts'
import { type MailServer, refuse, startMailServer, startScriptedServer } from './support/mail-server.ts'
import type { Delivery } from './support/smtp-worker.ts'

let harness: TestHarness
let certificate: Certificate
let foreignCertificate: Certificate
let otherHostCertificate: Certificate
const open: { close(): Promise<void> }[] = []

beforeAll(async () => {
  const authority = await createAuthority()
  certificate = await createServerCertificate(authority, 'localhost')
  otherHostCertificate = await createServerCertificate(authority, 'mail.example.com')
  foreignCertificate = await createServerCertificate(await createAuthority(), 'localhost')
  await trustAuthority(authority)
  const { createTestHarness } = await import('wrangler')
  harness = createTestHarness({
    workers: [
      {
        config: {
          name: 'smtp-test',
          main: 'test/e2e/support/smtp-worker.ts',
          compatibility_date: '2026-09-18',
          compatibility_flags: ['nodejs_compat'],
        },
      },
    ],
  })
  await harness.listen()
})

afterAll(async () => {
  await Promise.all(open.map((server) => server.close()))
  await harness?.close()
})

const LINK = 'https://id.example.com/verify-email?token=abc.def-_=='
const rendered = renderMail(
  { kind: 'verify_email', locale: 'de', link: LINK, code: '01234567', details: { minutes: '60' } },
  { productName: 'Pförtner', color: '#0f766e', logoUrl: null },
)

function compose(overrides: Partial<OutgoingMail> = {}): OutgoingMail {
  return {
    id: '0198-mail-1',
    from: 'Pförtner <no-reply@example.com>',
    to: 'anna@example.org',
    ...rendered,
    ...overrides,
  }
}

async function send(smtpUrl: string, mail: OutgoingMail = compose()): Promise<Delivery> {
  const response = await harness.fetch('/', { method: 'POST', body: JSON.stringify({ smtpUrl, mail }) })
  return (await response.json()) as Delivery
}

async function start(options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> {
  const server = await startMailServer({ ...certificate, ...options })
  open.push(server)
  return server
}

async function script(...actions: Parameters<typeof startScriptedServer>) {
  const server = await startScriptedServer(...actions)
  open.push(server)
  return server
}

const REPLIES: Record<string, string> = {
  EHLO: '250 ok\r\n',
  MAIL: '250 ok\r\n',
  RCPT: '250 ok\r\n',
  DATA: '354 go on\r\n',
  QUIT: '221 bye\r\n',
}
/** What a decent server answers to a command, and nothing to a line of the message. */
const speak = (line: string): string => REPLIES[line.slice(0, 4)] ?? ''

const ACCEPTED: Delivery = { delivered: true, reason: '', permanent: false }

describe('SMTP submission to a real server (U2)', () => {
  it('upgrades with STARTTLS, authenticates with PLAIN and hands over a message a MIME parser reads', async () => {
    const server = await start({ authMethods: ['PLAIN'] })
    const before = Date.now()
    expect(await send(`smtp://pos%40tern:p%C3%A4ss%2Fword@localhost:${server.port}`)).toEqual(ACCEPTED)
    expect(server.received).toHaveLength(1)
    const [mail] = server.received
    expect(mail).toMatchObject({ secure: true, method: 'PLAIN', user: 'pos@tern', password: 'päss/word' })
    expect(mail).toMatchObject({ from: 'no-reply@example.com', to: ['anna@example.org'] })
    const raw = mail?.raw.toString() ?? ''
    expect(raw).toMatch(/^[\t\r\n -~]*$/)
    expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998)
    expect(raw).toMatch(/content-type: multipart\/alternative/i)
    expect(raw.match(/content-type: text\/(plain|html); charset=utf-8/gi)).toHaveLength(2)
    const message = await PostalMime.parse(mail?.raw ?? '')
    expect(message.from).toMatchObject({ name: 'Pförtner', address: 'no-reply@example.com' })
    expect(message.to?.map((recipient) => recipient.address)).toEqual(['anna@example.org'])
    expect(message.subject).toBe('Bestätige deine E-Mail-Adresse für Pförtner')
    expect(message.messageId).toBe('<0198-mail-1@example.com>')
    expect(Math.abs(new Date(message.date ?? 0).getTime() - before)).toBeLessThan(60_000)
    expect(message.headers.find((header) => header.key === 'auto-submitted')?.value).toBe('auto-generated')
    expect(message.text?.replaceAll('\r\n', '\n').trimEnd()).toBe(rendered.text.trimEnd())
    expect(message.text).toContain(`\n${LINK}\n`)
    expect(message.html?.replaceAll('\r\n', '\n').trimEnd()).toBe(rendered.html.trimEnd())
    expect(message.html).toContain(`href="${LINK}"`)
  })

  it('authenticates with LOGIN where the server offers nothing else', async () => {
    const server = await start({ authMethods: ['LOGIN'] })
    expect(await send(`smtp://postern:geheim@localhost:${server.port}`)).toEqual(ACCEPTED)
    expect(server.received[0]).toMatchObject({ method: 'LOGIN', user: 'postern', password: 'geheim', secure: true })
  })

  it('speaks TLS from the first byte for smtps', async () => {
    const server = await start({ secure: true })
    expect(await send(`smtps://postern:geheim@localhost:${server.port}`)).toEqual(ACCEPTED)
    expect(server.received[0]).toMatchObject({ method: 'PLAIN', secure: true })
  })

  it('sends without TLS and without login only where the URL says so', async () => {
    const server = await start({ hideSTARTTLS: true, authOptional: true })
    expect(await send(`smtp://localhost:${server.port}?tls=off`)).toEqual(ACCEPTED)
    expect(server.received[0]).toMatchObject({ secure: false, user: '' })
  })

  it('keeps lines that are a dot, and long lines, as they are', async () => {
    const server = await start({ authOptional: true })
    const text = `.\n..\nfoo\n.bar\n${'x'.repeat(3000)}\nend\n`
    expect(await send(`smtp://localhost:${server.port}`, compose({ text }))).toEqual(ACCEPTED)
    const message = await PostalMime.parse(server.received[0]?.raw ?? '')
    expect(message.text?.replaceAll('\r\n', '\n').trimEnd()).toBe(text.trimEnd())
  })

  it('sends an internationalised domain as A-labels, in the envelope and in the header', async () => {
    const server = await script(
      (socket) => socket.write('220 hello\r\n'),
      (line, socket) => socket.write(line === '.' ? '250 queued\r\n' : speak(line)),
    )
    const mail = compose({ to: 'info@bücher.example', from: 'Bücher <no-reply@bücher.example>' })
    expect(await send(`smtp://localhost:${server.port}?tls=off`, mail)).toEqual(ACCEPTED)
    expect(server.lines).toContain('EHLO xn--bcher-kva.example')
    expect(server.lines).toContain('MAIL FROM:<no-reply@xn--bcher-kva.example>')
    expect(server.lines).toContain('RCPT TO:<info@xn--bcher-kva.example>')
    expect(server.lines).toContain('To: info@xn--bcher-kva.example')
  })

  it('lets no line break in a subject start a header (incident 22)', async () => {
    const server = await start({ authOptional: true })
    const subject = 'Hello\r\nBcc: eve@example.net\r\n\r\n<b>body</b>'
    expect(await send(`smtp://localhost:${server.port}`, compose({ subject }))).toEqual(ACCEPTED)
    expect(server.received[0]?.to).toEqual(['anna@example.org'])
    const message = await PostalMime.parse(server.received[0]?.raw ?? '')
    expect(message.bcc ?? []).toEqual([])
    expect(message.subject).toBe('Hello Bcc: eve@example.net <b>body</b>')
  })

  it.each([
    ['Acme, Inc. (Berlin)', 'Acme, Inc. (Berlin)'],
    ['"Acme \\"A\\" Inc."', 'Acme "A" Inc.'],
    ['Postern\r\nX-Evil: 1', 'Postern X-Evil: 1'],
    ['日本語', '日本語'],
  ])('names the sender %j as one display name (incident 22)', async (name, shown) => {
    const server = await start({ authOptional: true })
    const mail = compose({ from: `${name} <no-reply@example.com>` })
    expect(await send(`smtp://localhost:${server.port}`, mail)).toEqual(ACCEPTED)
    const message = await PostalMime.parse(server.received[0]?.raw ?? '')
    expect(message.from).toMatchObject({ name: shown, address: 'no-reply@example.com' })
    expect(message.headers.map((header) => header.key)).not.toContain('x-evil')
  })

  it.each([
    'anna@example.org, eve@example.net',
    'anna@example.org\r\nRCPT TO:<eve@example.net>',
    'friends: anna@example.org, eve@example.net;',
    '"anna@example.net"@example.org',
    'anna',
  ])('refuses a recipient that is not one address: %j', async (to) => {
    const server = await start({ authOptional: true })
    expect(await send(`smtp://localhost:${server.port}`, compose({ to }))).toEqual({
      delivered: false,
      reason: 'invalid recipient',
      permanent: true,
    })
    expect(server.received).toEqual([])
  })
})

describe('SMTP: no TLS, no mail', () => {
  it('says nothing to a server without STARTTLS', async () => {
    const server = await start({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true })
    const delivery = await send(`smtp://postern:geheim@localhost:${server.port}`)
    expect(delivery).toMatchObject({ delivered: false, permanent: false })
    expect(server.received).toEqual([])
  })

  it.each(['smtp', 'smtps'])('%s refuses a certificate of an unknown authority', async (scheme) => {
    const server = await start({ ...foreignCertificate, secure: scheme === 'smtps' })
    const delivery = await send(`${scheme}://postern:geheim@localhost:${server.port}`)
    expect(delivery).toMatchObject({ delivered: false, permanent: false })
    expect(server.received).toEqual([])
  })

  it.each(['smtp', 'smtps'])('%s refuses a certificate of another host', async (scheme) => {
    const server = await start({ ...otherHostCertificate, secure: scheme === 'smtps' })
    const delivery = await send(`${scheme}://postern:geheim@localhost:${server.port}`)
    expect(delivery).toMatchObject({ delivered: false, permanent: false })
    expect(server.received).toEqual([])
  })
})

describe('SMTP: failures are temporary or permanent, and tell nothing private', () => {
  it('connection refused: temporary', async () => {
    const server = await startMailServer()
    await server.close()
    expect(await send(`smtp://localhost:${server.port}`)).toMatchObject({ delivered: false, permanent: false })
  })

  it.each([
    ['greeting', 421, false],
    ['sender', 451, false],
    ['sender', 550, true],
    ['recipient', 450, false],
    ['recipient', 550, true],
    ['data', 452, false],
    ['data', 554, true],
    ['login', 454, false],
    ['login', 535, true],
  ] as const)('%s answered %d: permanent %s', async (step, code, permanent) => {
    const refusal = refuse(code, 'no <anna@example.org> geheim')
    const server = await start({
      ...(step === 'greeting' ? { onConnect: (_session, done) => done(refusal) } : {}),
      ...(step === 'sender' ? { onMailFrom: (_address, _session, done) => done(refusal) } : {}),
      ...(step === 'recipient' ? { onRcptTo: (_address, _session, done) => done(refusal) } : {}),
      ...(step === 'login' ? { onAuth: (_auth, _session, done) => done(refusal) } : {}),
      ...(step === 'data'
        ? {
            onData(stream, _session, done) {
              stream.resume()
              stream.on('end', () => done(refusal))
            },
          }
        : {}),
    })
    const delivery = await send(`smtp://postern:geheim@localhost:${server.port}`)
    expect(delivery).toMatchObject({ delivered: false, permanent })
    expect(delivery.reason).toContain(String(code))
    expect(delivery.reason).not.toMatch(/@|anna|geheim|postern/)
  })

  it('connection lost after the message was sent, before the reply: temporary', async () => {
    const server = await script(
      (socket) => socket.write('220 hello\r\n'),
      (line, socket) => {
        if (line === '.') socket.destroy()
        else socket.write(speak(line))
      },
    )
    expect(await send(`smtp://localhost:${server.port}?tls=off`)).toMatchObject({ delivered: false, permanent: false })
    expect(server.lines).toContain('.')
  })

  it('connection closed instead of a greeting: temporary', async () => {
    const server = await script(
      (socket) => socket.end(),
      () => {},
    )
    expect(await send(`smtp://localhost:${server.port}?tls=off`)).toMatchObject({ delivered: false, permanent: false })
  })

  it('nonsense instead of a greeting: temporary', async () => {
    const server = await script(
      (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      () => {},
    )
    expect(await send(`smtp://localhost:${server.port}?tls=off`)).toMatchObject({ delivered: false, permanent: false })
  })

  it('a lost goodbye does not undo an accepted mail', async () => {
    const server = await script(
      (socket) => socket.write('220 hello\r\n'),
      (line, socket) => {
        if (line === '.') socket.write('250 queued\r\n')
        else if (line === 'QUIT') socket.destroy()
        else socket.write(speak(line))
      },
    )
    expect(await send(`smtp://localhost:${server.port}?tls=off`)).toEqual(ACCEPTED)
  })

  it('gives up on a silent server after 10 s: temporary', async () => {
    const server = await script(
      () => {},
      () => {},
    )
    const started = Date.now()
    expect(await send(`smtp://localhost:${server.port}?tls=off`)).toMatchObject({ delivered: false, permanent: false })
    expect(Date.now() - started).toBeLessThan(15_000)
  })

  it('gives up on a reply to DATA that does not come after 10 s: temporary', async () => {
    const server = await script(
      (socket) => socket.write('220 hello\r\n'),
      (line, socket) => {
        if (line !== '.') socket.write(speak(line))
      },
    )
    const started = Date.now()
    expect(await send(`smtp://localhost:${server.port}?tls=off`)).toMatchObject({ delivered: false, permanent: false })
    expect(Date.now() - started).toBeLessThan(15_000)
  })

  it('gives up on a trickling server after 30 s in all: temporary', async () => {
    const server = await script(
      (socket) => socket.write('220 hello\r\n'),
      (line, socket) => {
        if (!line.startsWith('EHLO')) return
        const timer = setInterval(() => socket.write('250-x\r\n'), 2_000)
        socket.on('close', () => clearInterval(timer))
      },
    )
    const started = Date.now()
    expect(await send(`smtp://localhost:${server.port}?tls=off`)).toMatchObject({ delivered: false, permanent: false })
    expect(Date.now() - started).toBeLessThan(35_000)
  })

  it('ignores plaintext injected behind the answer to STARTTLS (CVE-2011-0411)', async () => {
    const server = await script(
      (socket) => socket.write('220 hello\r\n'),
      (line, socket) => {
        if (line.startsWith('EHLO')) socket.write('250-localhost\r\n250 STARTTLS\r\n')
        else if (line === 'STARTTLS') socket.write('220 go\r\n250-localhost\r\n250 AUTH PLAIN\r\n')
      },
    )
    expect(await send(`smtp://postern:geheim@localhost:${server.port}`)).toMatchObject({ delivered: false })
    expect(server.lines.join('\n')).not.toContain('AUTH')
  })
})
