import type { Settings } from '../env.ts'
import { MailError, type MailTransport, type OutgoingMail } from '../mail/message.ts'
import { createBindingTransport, type EmailBinding } from '../mail/transports/binding.ts'
import { createResendTransport } from '../mail/transports/resend.ts'
import { createSmtpTransport } from '../mail/transports/smtp.ts'

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
      return createSmtpTransport(configured(settings.smtp))
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

/** Gives a value whose presence the check of the configuration has made sure of. */
function configured<Value>(value: Value | null): Value {
  if (value === null) throw new MailError('not configured', false)
  return value
}
