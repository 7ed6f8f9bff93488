import { parseRecipient, parseSender } from '../addresses.ts'
import { AUTOMATIC, MailError, MailThrottledError, type MailTransport } from '../message.ts'
import { readRetryAfterMs } from './retry-after.ts'

/** The time-out covers the connection and the reply together. */
export const RESEND_TIMEOUT_MS = 10_000
/** Not more than this is read of an error's body. */
const MAX_ERROR_LENGTH = 4_096

export interface ResendOptions {
  apiKey: string
  /** `https://api.resend.com`, or any API of the same shape. */
  baseUrl: string
  /** The platform's own `fetch`, unless a test replaces it. */
  fetch?: typeof fetch
  timeoutMs?: number
}

/**
 * Sends through Resend's HTTP API, or one compatible with it (https://resend.com/docs/api-reference/emails/send-email).
 *
 * The mail's id is the `Idempotency-Key`. When a mail was accepted but the answer was lost, a second try within 24 h
 * sends nothing.
 */
export function createResendTransport({
  apiKey,
  baseUrl,
  fetch: request = fetch,
  timeoutMs = RESEND_TIMEOUT_MS,
}: ResendOptions): MailTransport {
  const endpoint = `${baseUrl.replace(/\/+$/, '')}/emails`
  return async (mail) => {
    const sender = parseSender(mail.from)
    const body = JSON.stringify({
      from: sender.name === '' ? sender.address : `"${sender.name.replaceAll(/["\\]/g, '')}" <${sender.address}>`,
      to: [parseRecipient(mail.to)],
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      headers: AUTOMATIC,
    })
    const headers = {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': mail.id,
    }
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await request(endpoint, { method: 'POST', headers, body, signal, redirect: 'manual' }).catch(
      (error) => {
        throw new MailError(isTimeout(error) ? 'resend timeout' : 'resend unreachable', false)
      },
    )
    if (response.ok) {
      await response.body?.cancel()
      return
    }
    const name = await readErrorName(response)
    const reason = `resend ${response.status} ${name}`.trim()
    if (response.status === 429)
      throw new MailThrottledError(reason, readRetryAfterMs(response.headers.get('retry-after'), Date.now()))
    throw new MailError(reason, isPermanent(response.status, name))
  }
}

/**
 * These statuses say nothing about the mail: they refuse the key, its rights, the sender's domain or the API's address,
 * or they report a time-out.
 */
const NOT_OF_THE_MAIL: ReadonlySet<number> = new Set([401, 403, 404, 405, 408])
/**
 * These errors say nothing about the mail either, although their status usually does: the sender is no address, or the
 * same mail is still being sent.
 */
const NOT_OF_THE_MAIL_NAMES: ReadonlySet<string> = new Set(['invalid_from_address', 'concurrent_idempotent_requests'])

/**
 * Tells whether the mail was refused for good. A 4xx says so, unless its status or its error name is about something
 * else (https://resend.com/docs/api-reference/errors).
 */
function isPermanent(status: number, name: string): boolean {
  return status >= 400 && status < 500 && !NOT_OF_THE_MAIL.has(status) && !NOT_OF_THE_MAIL_NAMES.has(name)
}

/** Reads the error's name, such as `rate_limit_exceeded`. Its message may quote an address and is not read. */
async function readErrorName(response: Response): Promise<string> {
  const text = await response.text().catch(() => '')
  return /"name"\s*:\s*"([a-z_]{1,60})"/.exec(text.slice(0, MAX_ERROR_LENGTH))?.[1] ?? ''
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
}
