import PostalMime from 'postal-mime'
import { describe, expect, it } from 'vitest'
import { ACCEPTED, compose, LINK, rendered, speak, useSmtpBench } from './support/smtp-bench.ts'

const { send, start, script } = useSmtpBench()

describe('SMTP submission to a real server', () => {
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

  it('lets no line break in a subject start a header (CWE-93)', async () => {
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
  ])('shows the sender %j under one display name (CWE-93)', async (name, shown) => {
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
