import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

const SYMBOLS = {
  tick: 'm15 24.5 6.2 6.2L33.5 18',
  envelope: 'M13 17h22v15H13zM13 17l11 9 11-9',
} as const

interface DoneProps {
  symbol?: keyof typeof SYMBOLS
  title: string
  lead: string
  /** What can be done next. */
  children?: ComponentChildren
}

/** Says, in place of what was asked, that it is done. The focus moves there, so that it is read out. */
export function Done({ symbol = 'tick', title, lead, children }: DoneProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <section class="done">
      <svg class="symbol" viewBox="0 0 48 48" aria-hidden="true">
        <circle cx="24" cy="24" r="22" />
        <path d={SYMBOLS[symbol]} />
      </svg>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      <p class="lead">{lead}</p>
      {children}
    </section>
  )
}
