import { useState } from 'preact/hooks'
import { text } from '../../texts/audit/index.ts'
import { addressOf } from '../parts/address.ts'
import { Facts } from '../parts/show.tsx'
import type { AuditEvent } from './query.ts'

/** An event by its type, and all that is known of it when it is opened. */
export function EventDetails({ event }: { event: AuditEvent }) {
  const [isOpen, setOpen] = useState(false)
  const { id, type, ip, userAgent, details } = event
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <span class="mono">{type}</span>
      </summary>
      {isOpen && (
        <Facts
          facts={[
            ...Object.entries(details).map(([name, value]) => [name, showDetail(value)] as const),
            [text('address'), ip ?? '–'],
            [text('device'), userAgent ?? '–'],
            [
              text('id'),
              <span key="id" class="mono">
                {id}
              </span>,
            ],
          ]}
        />
      )}
    </details>
  )
}

function showDetail(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The end of an id tells accounts apart on a page, and the whole of it is in the link. */
const SHOWN_DIGITS = 6

export function Person({ id }: { id: string | null }) {
  if (id === null)
    return (
      <span class="muted" title={text('system')}>
        –
      </span>
    )
  return (
    <a class="mono" title={id} href={addressOf({ section: 'users', user: id })}>
      …{id.slice(-SHOWN_DIGITS)}
    </a>
  )
}
