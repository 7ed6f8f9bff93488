import { MailError, type OutgoingMail } from '../../../src/mail/message.ts'
import { createSmtpTransport, type SMTP_TIMEOUTS_MS } from '../../../src/mail/transports/smtp.ts'
import { parseSmtpUrl } from '../../../src/mail/transports/smtp-url.ts'

/** The Worker tells this of one delivery. */
export interface Delivery {
  delivered: boolean
  reason: string
  permanent: boolean
}

interface Order {
  smtpUrl: string
  mail: OutgoingMail
  /** Where none are given, those of production apply. */
  timeoutsMs?: typeof SMTP_TIMEOUTS_MS
}

/** Hands a mail to the real transport. */
const worker = {
  async fetch(request: Request): Promise<Response> {
    const { smtpUrl, mail, timeoutsMs } = (await request.json()) as Order
    const delivery: Delivery = await createSmtpTransport(
      parseSmtpUrl(smtpUrl),
      timeoutsMs,
    )(mail).then(
      () => ({ delivered: true, reason: '', permanent: false }),
      (error: unknown) =>
        error instanceof MailError
          ? { delivered: false, reason: error.reason, permanent: error.permanent }
          : { delivered: false, reason: `unexpected: ${String(error)}`, permanent: false },
    )
    return Response.json(delivery)
  },
}

// biome-ignore lint/style/noDefaultExport: a Worker is its default export
export default worker
