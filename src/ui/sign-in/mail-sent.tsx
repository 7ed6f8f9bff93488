import type { ComponentChildren } from 'preact'
import { Done } from '../parts/done.tsx'
import { withReturnTo } from '../parts/return-to.ts'
import { text } from '../texts/sign-in/index.ts'

interface MailSentProps {
  title: string
  lead: string
  /** The page that takes the code of the mail, where it was opened on another device. */
  code: { href: string; label: string }
  children?: ComponentChildren
}

/** Says that the next step is in a mail. */
export function MailSent({ title, lead, code, children }: MailSentProps) {
  return (
    <Done symbol="envelope" title={title} lead={lead}>
      {children}
      <a class="quiet" href={code.href}>
        {code.label}
      </a>
      <a class="quiet" href={withReturnTo('/sign-in')}>
        {text('forgot.back')}
      </a>
    </Done>
  )
}
