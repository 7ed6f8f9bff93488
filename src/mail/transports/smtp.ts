import net from 'node:net'
import tls from 'node:tls'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { within } from '../../within.ts'
import { domainOf } from '../addresses.ts'
import { MailError, type MailTransport } from '../message.ts'
import { buildMime, type MimeMessage } from '../mime.ts'
import type { SmtpServer } from './smtp-url.ts'

/**
 * `step` bounds connecting, and then each single reply. `delivery` bounds a whole delivery, so that one to a server
 * that answers very slowly ends as well, before the outbox's lease of the mail does.
 */
export const SMTP_TIMEOUTS_MS = { step: 10_000, delivery: 30_000 }
/** The mail is accepted by then, so the goodbye is not worth a longer wait. */
const QUIT_TIMEOUT_MS = 1_000

/** The commands whose refusal is about this very mail. */
const SPEAKS_OF_THE_MAIL: ReadonlySet<string> = new Set(['RCPT TO', 'DATA'])
/**
 * These replies are about the session, whatever command they answer: "Bad sequence", and those of RFC 4954 §6 that ask
 * for a login or a better one.
 */
const SPEAKS_OF_THE_SESSION: ReadonlySet<number> = new Set([503, 530, 534, 535, 538])

/**
 * The members that nodemailer adds to an error. The error's message quotes the server, which quotes addresses, so the
 * message is passed on to nobody.
 */
interface SmtpFailure extends Error {
  code?: string
  responseCode?: number
  command?: string
}

/**
 * Sends through a mail server by SMTP submission (RFC 6409). It uses one connection for each mail, STARTTLS (RFC 3207)
 * or TLS from the first byte, and AUTH PLAIN or LOGIN (RFC 4954). Without TLS, nothing is said to a server unless the
 * URL has `tls=off`.
 *
 * The socket is `node:net` or `node:tls`, which workerd builds on `cloudflare:sockets`, and nodemailer speaks over it.
 * It is opened here, by name, because nodemailer would resolve the name itself, by one more HTTPS request, and connect
 * to an address that no certificate names.
 */
export function createSmtpTransport(server: SmtpServer, timeoutsMs = SMTP_TIMEOUTS_MS): MailTransport {
  return async (mail) => {
    const message = await buildMime(mail)
    await deliver(server, message, timeoutsMs)
  }
}

async function deliver(
  server: SmtpServer,
  message: MimeMessage,
  { step, delivery }: typeof SMTP_TIMEOUTS_MS,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const implicit = server.tls === 'implicit'
  const { host, port } = server
  const socket = implicit ? tls.connect({ host, port, servername: host }) : net.connect({ host, port })
  const connection = new SMTPConnection({
    connection: socket,
    host,
    port,
    secure: implicit,
    secured: implicit,
    requireTLS: server.tls === 'starttls',
    ignoreTLS: server.tls === 'off',
    name: domainOf(message.from),
    connectionTimeout: step,
    greetingTimeout: step,
    socketTimeout: step,
    socketCloseTimeout: 0,
  })
  const fail = (error: SmtpFailure): void => reject(toMailError(error))
  const timers = [
    setTimeout(() => reject(new MailError('smtp connect timeout', false)), step),
    setTimeout(() => reject(new MailError('smtp delivery timeout', false)), delivery),
  ]
  connection.on('error', fail)
  connection.once('end', () => reject(new MailError('smtp connection closed', false)))
  socket.once('error', () => reject(new MailError('smtp connection failed', false)))
  socket.once('close', () => reject(new MailError('smtp connection closed', false)))
  socket.once(implicit ? 'secureConnect' : 'connect', () => {
    clearTimeout(timers[0])
    converse(connection, server, message).then(resolve, fail)
  })
  try {
    await promise
    await quit(connection)
  } finally {
    timers.forEach(clearTimeout)
    connection.close()
    socket.destroy()
  }
}

/**
 * Speaks SMTP with the server: greeting, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA. It settles when the server has
 * answered the message itself.
 */
async function converse(connection: SMTPConnection, server: SmtpServer, message: MimeMessage): Promise<void> {
  await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())))
  const { credentials } = server
  if (credentials !== null) {
    const login = { user: credentials.user, pass: credentials.password }
    await new Promise<void>((resolve, reject) =>
      connection.login(login, (error) => (error ? reject(error) : resolve())),
    )
  }
  await new Promise<void>((resolve, reject) => {
    connection.send({ from: message.from, to: [message.to] }, message.raw, (error) =>
      error ? reject(error) : resolve(),
    )
  })
}

/** Says goodbye. Whether or not that succeeds, the mail is delivered. */
async function quit(connection: SMTPConnection): Promise<void> {
  const ended = Promise.withResolvers<void>()
  connection.once('end', ended.resolve)
  connection.quit()
  await within(QUIT_TIMEOUT_MS, ended.promise).catch(() => undefined)
}

/**
 * Translates a failure. A 5xx reply is final (RFC 5321 §4.2.1) where it refuses the recipient or the message. Where it
 * refuses us (greeting, STARTTLS, which an attacker on the line can fake, login, sender), every mail would fail alike
 * until the operator corrects it, so the mail is tried again.
 */
function toMailError(error: SmtpFailure): MailError {
  if (error instanceof MailError) return error
  const step = /^[A-Z]+( [A-Z]+)?/.exec(error.command ?? '')?.[0] ?? ''
  const { responseCode = 0, code } = error
  const permanent = responseCode >= 500 && SPEAKS_OF_THE_MAIL.has(step) && !SPEAKS_OF_THE_SESSION.has(responseCode)
  return new MailError(`smtp ${responseCode || (code ?? 'failure')} ${step}`.trim(), permanent)
}
