import type { Settings } from '../env.ts'
import { MailError, type MailTransport, type OutgoingMail } from '../mail/message.ts'
import { createBindingTransport, type EmailBinding } from '../mail/transports/binding.ts'
import { createResendTransport } from '../mail/transports/resend.ts'
import type { SmtpServer } from '../mail/transports/smtp-url.ts'

interface MailBindings {
  SEND_EMAIL: EmailBinding
  DEV_MAILBOX?: { getByName(name: string): { store(mail: Omit<OutgoingMail, 'from'>): Promise<void> } }
}

/**
 * Makes the transport that `MAIL_TRANSPORT` names. The check of the configuration has made sure that it has what it
 * needs.
 */
export function createMailTransport(settings: Settings['mail'], bindings: MailBindings): MailTransport {
  switch (settings.transport) {
    case 'smtp':
      return sendBySmtp(configured(settings.smtp))
    case 'resend':
      return createResendTransport({ apiKey: configured(settings.resendApiKey), baseUrl: settings.resendBaseUrl })
    case 'binding':
      return createBindingTransport(bindings.SEND_EMAIL)
    case 'mailbox':
      return async ({ id, to, subject, text, html }) => {
        if (!bindings.DEV_MAILBOX) throw new MailError('the development mailbox is not bound', false)
        await bindings.DEV_MAILBOX.getByName('mailbox').store({ id, to, subject, text, html })
      }
  }
}

/**
 * Loads SMTP with the first mail, so that the start-up of a Worker that sends in another way does not pay for it
 * (docs/decisions/0019-bundle.md).
 */
const sendBySmtp =
  (server: SmtpServer): MailTransport =>
  async (mail) => {
    const { createSmtpTransport } = await import('../mail/transports/smtp.ts')
    await createSmtpTransport(server)(mail)
  }

/** Gives a value whose presence the check of the configuration has made sure of. */
function configured<Value>(value: Value | null): Value {
  if (value === null) throw new MailError('not configured', false)
  return value
}
