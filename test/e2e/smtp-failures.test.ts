import { describe, expect, it } from 'vitest'
import { SMTP_TIMEOUTS_MS } from '../../src/mail/transports/smtp.ts'
import { refuse, startMailServer } from './support/mail-server.ts'
import { ACCEPTED, IMPATIENT_MS, speak, useSmtpBench } from './support/smtp-bench.ts'

const { send, sendImpatiently, start, script, badCertificates } = useSmtpBench()
const TEMPORARY = { delivered: false, permanent: false }

describe('SMTP without TLS', () => {
  it('sends no mail to a server without STARTTLS', async () => {
    const server = await start({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true })
    const delivery = await send(`smtp://postern:geheim@localhost:${server.port}`)
    expect(delivery).toMatchObject({ delivered: false, permanent: false })
    expect(server.received).toEqual([])
  })

  it.each(['smtp', 'smtps'])('%s refuses a certificate of an unknown authority', async (scheme) => {
    const server = await start({ ...badCertificates.unknownAuthority, secure: scheme === 'smtps' })
    const delivery = await send(`${scheme}://postern:geheim@localhost:${server.port}`)
    expect(delivery).toMatchObject({ delivered: false, permanent: false })
    expect(server.received).toEqual([])
  })

  it.each(['smtp', 'smtps'])('%s refuses a certificate of another host', async (scheme) => {
    const server = await start({ ...badCertificates.otherHost, secure: scheme === 'smtps' })
    const delivery = await send(`${scheme}://postern:geheim@localhost:${server.port}`)
    expect(delivery).toMatchObject({ delivered: false, permanent: false })
    expect(server.received).toEqual([])
  })
})

describe('SMTP failures are temporary or permanent, and their reasons hold nothing private', () => {
  it('a refused connection is temporary', async () => {
    const server = await startMailServer()
    await server.close()
    expect(await send(`smtp://localhost:${server.port}`)).toMatchObject({ delivered: false, permanent: false })
  })

  it.each([
    ['greeting', 421, false],
    ['greeting', 554, false],
    ['sender', 451, false],
    ['sender', 530, false],
    ['sender', 550, false],
    ['recipient', 450, false],
    ['recipient', 530, false],
    ['recipient', 550, true],
    ['data', 452, false],
    ['data', 554, true],
    ['login', 454, false],
    ['login', 530, false],
    ['login', 534, false],
    ['login', 535, false],
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

  it('a connection that is lost after the message was sent and before the reply is temporary', async () => {
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

  it('a connection that is closed instead of a greeting is temporary', async () => {
    const server = await script(
      (socket) => socket.end(),
      () => {},
    )
    expect(await send(`smtp://localhost:${server.port}?tls=off`)).toMatchObject({ delivered: false, permanent: false })
  })

  it('nonsense instead of a greeting is temporary', async () => {
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

  it('the time-outs are 10 s for each step and 30 s in all', () => {
    expect(SMTP_TIMEOUTS_MS).toEqual({ step: 10_000, delivery: 30_000 })
    expect(SMTP_TIMEOUTS_MS.delivery / SMTP_TIMEOUTS_MS.step).toBe(IMPATIENT_MS.delivery / IMPATIENT_MS.step)
  })

  it('a silent server is given up when the time for a step is over, which is temporary', async () => {
    const server = await script(
      () => {},
      () => {},
    )
    const { delivery, tookMs } = await sendImpatiently(`smtp://localhost:${server.port}?tls=off`)
    expect(delivery).toMatchObject(TEMPORARY)
    expect(tookMs).toBeLessThan(SMTP_TIMEOUTS_MS.step)
  })

  it('a reply to DATA that does not come within the time for a step is temporary', async () => {
    const server = await script(
      (socket) => socket.write('220 hello\r\n'),
      (line, socket) => {
        if (line !== '.') socket.write(speak(line))
      },
    )
    const { delivery, tookMs } = await sendImpatiently(`smtp://localhost:${server.port}?tls=off`)
    expect(delivery).toMatchObject(TEMPORARY)
    expect(tookMs).toBeLessThan(SMTP_TIMEOUTS_MS.step)
    expect(server.lines).toContain('.')
  })

  it('a server that sends byte after byte is given up when the time for a delivery is over, which is temporary', async () => {
    const server = await script(
      (socket) => socket.write('220 hello\r\n'),
      (line, socket) => {
        if (!line.startsWith('EHLO')) return
        const timer = setInterval(() => socket.write('250-x\r\n'), 100)
        socket.on('close', () => clearInterval(timer))
      },
    )
    const { delivery, tookMs } = await sendImpatiently(`smtp://localhost:${server.port}?tls=off`)
    expect(delivery).toMatchObject({ ...TEMPORARY, reason: 'smtp delivery timeout' })
    expect(tookMs).toBeGreaterThanOrEqual(IMPATIENT_MS.delivery)
    expect(tookMs).toBeLessThan(SMTP_TIMEOUTS_MS.delivery)
  })

  it('plaintext that was injected behind the answer to STARTTLS is ignored (CVE-2011-0411)', async () => {
    const server = await script(
      (socket) => socket.write('220 hello\r\n'),
      (line, socket) => {
        if (line.startsWith('EHLO')) socket.write('250-localhost\r\n250 STARTTLS\r\n')
        else if (line === 'STARTTLS') socket.write('220 go\r\n250-localhost\r\n250 AUTH PLAIN\r\n')
      },
    )
    const { delivery } = await sendImpatiently(`smtp://postern:geheim@localhost:${server.port}`)
    expect(delivery).toMatchObject({ delivered: false })
    expect(server.lines).toContain('STARTTLS')
    expect(server.lines.join('\n')).not.toContain('AUTH')
  })
})
