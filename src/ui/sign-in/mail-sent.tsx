import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
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
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <section class="done">
      <svg class="tick" viewBox="0 0 48 48" aria-hidden="true">
        <circle cx="24" cy="24" r="22" />
        <path d="M13 17h22v15H13zM13 17l11 9 11-9" />
      </svg>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      <p class="lead">{lead}</p>
      {children}
      <a class="quiet" href={code.href}>
        {code.label}
      </a>
      <a class="quiet" href={withReturnTo('/sign-in')}>
        {text('forgot.back')}
      </a>
    </section>
  )
}
