import { within } from '../../within.ts'
import { parseRecipient, parseSender } from '../addresses.ts'
import { AUTOMATIC, MailError, MailThrottledError, type MailTransport } from '../message.ts'

const TIMEOUT_MS = 30_000

/**
 * The part of Cloudflare's `send_email` binding that is used here
 * (https://developers.cloudflare.com/email-service/api/send-emails/workers-api/).
 */
export interface EmailBinding {
  send(message: {
    from: string | { name: string; email: string }
    to: string
    subject: string
    text: string
    html: string
    headers: Record<string, string>
  }): Promise<unknown>
}

/**
 * These errors refuse the mail or its recipient. All others are tried again: what the operator has to correct (the
 * sender's domain, or the recipients that the binding allows), limits and faults of the service, and codes yet unknown.
 */
const PERMANENT: ReadonlySet<string> = new Set([
  'E_VALIDATION_ERROR',
  'E_FIELD_MISSING',
  'E_TOO_MANY_RECIPIENTS',
  'E_RECIPIENT_SUPPRESSED',
  'E_CONTENT_TOO_LARGE',
  'E_HEADER_NOT_ALLOWED',
  'E_HEADER_VALUE_INVALID',
])

/** The limits of the account, for a minute or a day. The service does not say when they end. */
const THROTTLED: ReadonlySet<string> = new Set(['E_RATE_LIMIT_EXCEEDED', 'E_DAILY_LIMIT_EXCEEDED'])

/**
 * Sends through Cloudflare's Email Service. The service builds the MIME itself, and sets `Date` and `Message-ID`, which
 * nobody else can set. It has no idempotency key, so a mail may arrive twice when its acknowledgement was lost.
 */
export function createBindingTransport(binding: EmailBinding): MailTransport {
  return async (mail) => {
    const { name, address } = parseSender(mail.from)
    const { subject, text, html } = mail
    const from = name === '' ? address : { name, email: address }
    const to = parseRecipient(mail.to)
    try {
      const sent = binding.send({ from, to, subject, text, html, headers: AUTOMATIC })
      await within(TIMEOUT_MS, sent, () => new MailError('binding timeout', false))
    } catch (error) {
      if (error instanceof MailError) throw error
      const code = readCode(error)
      if (THROTTLED.has(code)) throw new MailThrottledError(`binding ${code}`, null)
      throw new MailError(`binding ${code}`, PERMANENT.has(code))
    }
  }
}

/** Reads the error's code. Its message may quote an address and is not read. */
function readCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^E_[A-Z_]{1,60}$/.test(code) ? code : 'failure'
}
