import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { text } from '../../texts/console/index.ts'
import { hasMoved } from './address.ts'

interface PageProps {
  title: string
  lead?: string
  /** What can be done on the whole page, beside its heading. */
  actions?: ComponentChildren
  children: ComponentChildren
}

/** A place of the console with its heading, which takes the focus when the reader comes there. */
export function Page({ title, lead, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · ${text('title')}`
  }, [title])
  useEffect(() => {
    if (!hasMoved()) return
    scrollTo(0, 0)
    heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <>
      <div class="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions}
      </div>
      {lead !== undefined && <p class="lead">{lead}</p>}
      {children}
    </>
  )
}

/** A part of a page. */
export function Panel({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="panel">
      <h2>{title}</h2>
      {children}
    </section>
  )
}
