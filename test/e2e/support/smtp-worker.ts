import { MailError, type OutgoingMail } from '../../../src/mail/message.ts'
import { createSmtpTransport } from '../../../src/mail/transports/smtp.ts'
import { parseSmtpUrl } from '../../../src/mail/transports/smtp-url.ts'

/** What the Worker tells of one delivery. */
export interface Delivery {
  delivered: boolean
  reason: string
  permanent: boolean
}

/** Hands a mail to the real transport: `POST { smtpUrl, mail }`. */
const worker = {
  async fetch(request: Request): Promise<Response> {
    const { smtpUrl, mail } = (await request.json()) as { smtpUrl: string; mail: OutgoingMail }
    const delivery: Delivery = await createSmtpTransport(parseSmtpUrl(smtpUrl))(mail).then(
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
