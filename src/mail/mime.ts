import MimeNode from 'nodemailer/lib/mime-node'
import { domainOf, parseRecipient, parseSender } from './addresses.ts'
import { toLine } from './escape.ts'
import { AUTOMATIC, type OutgoingMail } from './message.ts'

/** A whole message with the envelope that it travels in. All addresses are ASCII. */
export interface MimeMessage {
  from: string
  to: string
  raw: Buffer
}

/**
 * Builds the message as bytes: `multipart/alternative`, UTF-8, quoted-printable, lines of at most 76 characters.
 *
 * The Message-ID is made of the mail's id, so that clients which compare Message-IDs take a mail that was delivered
 * twice (because its acknowledgement was lost) for one. Nodemailer encodes and folds headers. Line breaks are removed
 * before, so that no value starts a header (docs/incidents.md).
 */
export async function buildMime(mail: OutgoingMail): Promise<MimeMessage> {
  const sender = parseSender(mail.from)
  const recipient = parseRecipient(mail.to)
  const root = new MimeNode('multipart/alternative', { disableFileAccess: true, disableUrlAccess: true })
  root.setHeader({
    From: sender,
    To: { name: '', address: recipient },
    Subject: toLine(mail.subject),
    'Message-ID': `<${mail.id.replaceAll(/[^\w.-]/g, '')}@${domainOf(sender.address)}>`,
    ...AUTOMATIC,
  })
  addPart(root, 'text/plain', mail.text)
  addPart(root, 'text/html', mail.html)
  return { from: sender.address, to: recipient, raw: await root.build() }
}

function addPart(root: MimeNode, type: string, content: string): void {
  root
    .createChild(`${type}; charset=utf-8`)
    .setHeader('Content-Transfer-Encoding', 'quoted-printable')
    .setContent(content.replaceAll(/\r\n|\r|\n/g, '\r\n'))
}
