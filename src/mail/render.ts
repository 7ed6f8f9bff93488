import { renderHtml } from './html.ts'
import { composeLetter, type Letter } from './letter.ts'
import type { Brand, MailContent, RenderedMail } from './message.ts'

/**
 * Puts a mail into words. Subject, text part and HTML part come from one source (`texts/<language>.ts`).
 *
 * `details.time` may be an ISO 8601 time, which is written out in UTC in the mail's language. `details.factor` may be a
 * name that the texts know (`totp`, `passkey`, `recovery_codes`, `email`). `details.minutes` becomes "1 hour". Absent
 * details are left out.
 */
export function renderMail(content: MailContent, brand: Brand): RenderedMail {
  const letter = composeLetter(content, brand)
  return { subject: letter.subject, text: renderText(letter), html: renderHtml(letter, brand) }
}

/**
 * Renders the text part as paragraphs. Each link and each code stands alone on its line, so that a reader can select it
 * and a program can find it.
 */
function renderText(letter: Letter): string {
  const blocks = [
    letter.heading,
    ...letter.paragraphs,
    letter.facts.map((fact) => `${fact.label}: ${fact.value}`).join('\n'),
    letter.link === null ? '' : `${letter.link.label}:\n${letter.link.address}`,
    letter.code === null ? '' : `${letter.codeHint}\n${letter.code}`,
    ...letter.closing,
    `-- \n${letter.product}\n${letter.reason}`,
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}
