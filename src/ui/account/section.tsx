import type { ComponentChildren } from 'preact'
import { Action, Problem, type Work } from '../parts/form.tsx'
import { common } from '../texts/common/index.ts'

interface SectionProps {
  /** The fragment of its address. */
  id: string
  title: string
  lead?: string
  children: ComponentChildren
}

/** A section of the page, which the navigation leads to. */
export function Section({ id, title, lead, children }: SectionProps) {
  return (
    <section class="card" id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`} tabIndex={-1}>
        {title}
      </h2>
      {lead !== undefined && <p class="lead">{lead}</p>}
      {children}
    </section>
  )
}

/** Moves to the heading of a section, where what had the focus is gone. */
export const focusSection = (id: string): void => document.getElementById(`${id}-title`)?.focus()

interface ConfirmedProps {
  work: Work
  /** What the button says that does it. */
  label: string
  lead: string
  onConfirm(): Promise<unknown>
  onClose(): void
}

/** What a dialog holds that asks before something is done which cannot be undone. */
export function Confirmation({ work, label, lead, onConfirm, onClose }: ConfirmedProps) {
  return (
    <>
      <p class="lead">{lead}</p>
      <Problem trouble={work.trouble} />
      <Action class="primary danger" work={work} onPress={onConfirm}>
        {label}
      </Action>
      <button class="quiet" type="button" onClick={onClose}>
        {common('cancel')}
      </button>
    </>
  )
}

/** An on-or-off of something, in words. */
export function State({ isOn, children }: { isOn: boolean; children: ComponentChildren }) {
  return <span class={isOn ? 'state on' : 'state'}>{children}</span>
}
