import type { Settings } from '../env.ts'
import { MailError, type MailTransport, type OutgoingMail } from '../mail/message.ts'

interface MailBindings {
  DEV_MAILBOX?: { getByName(name: string): { store(mail: Omit<OutgoingMail, 'from'>): Promise<void> } }
}

/** The way out that `MAIL_TRANSPORT` names. */
export function createMailTransport(settings: Settings['mail'], bindings: MailBindings): MailTransport {
  switch (settings.transport) {
    case 'mailbox':
      return async ({ id, to, subject, text, html }) => {
        const mailbox = bindings.DEV_MAILBOX
        if (!mailbox) throw new MailError('the development mailbox is not bound', true)
        await mailbox.getByName('mailbox').store({ id, to, subject, text, html })
      }
    default:
      throw new Error(`no transport ${settings.transport}`)
  }
}
