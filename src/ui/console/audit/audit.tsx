import { WEBHOOK_EVENTS } from '../../../domain/webhook-events.ts'
import { client } from '../../parts/client.ts'
import { text } from '../../texts/audit/index.ts'
import { text as consoleText } from '../../texts/console/index.ts'
import { addressOf, go, placeOf } from '../parts/address.ts'
import { Check, Day, Search } from '../parts/inputs.tsx'
import { useLoad } from '../parts/load.tsx'
import { Page } from '../parts/page.tsx'
import { PagedTable } from '../parts/paged-table.tsx'
import { Time } from '../parts/show.tsx'
import type { Column } from '../parts/table.tsx'
import type { SectionProps } from '../section-props.ts'
import { EventDetails, Person } from './event.tsx'
import { type AuditEvent, FILTERS, queryOf } from './query.ts'
import { useTail } from './tail.ts'
import { Verification } from './verification.tsx'

const COLUMNS: readonly Column<AuditEvent>[] = [
  { title: text('type'), show: (event) => <EventDetails event={event} /> },
  { title: text('at'), show: ({ at }) => <Time at={at} /> },
  {
    title: text('who'),
    show: ({ actorId, userId }) => (actorId !== null && actorId === userId ? text('self') : <Person id={actorId} />),
  },
  { title: text('whom'), show: ({ userId }) => <Person id={userId} /> },
  { title: text('where'), show: ({ country, ip }) => country ?? ip ?? '–' },
]

/** What has happened, with filters that stand in the address, and a tail that shows what happens now. */
export function Audit({ address }: SectionProps) {
  const isLive = address.has('live') && !address.has('cursor')
  const query = queryOf(address)
  const events = useLoad(JSON.stringify(query), (signal) => client.request('GET /audit-events', { query, signal }))
  const came = useTail(isLive ? events : null, query)
  return (
    <Page title={text('title')} actions={<Verification />}>
      <Filters address={address} />
      <p role="status" class="hint">
        {isLive && `${text('live.on')} ${came > 0 ? text('live.came', { count: came }) : ''}`}
      </p>
      <PagedTable
        load={events}
        address={address}
        lines={12}
        caption={text('title')}
        columns={COLUMNS}
        empty={text('empty')}
      />
    </Page>
  )
}

function Filters({ address }: { address: URLSearchParams }) {
  const set = (name: string) => (value: string) =>
    go(placeOf(address, { [name]: value, cursor: null }), { replaces: true })
  const of = (name: string) => address.get(name) ?? ''
  const isFiltered = [...FILTERS, 'from', 'to'].some((name) => address.has(name))
  return (
    <search>
      <div class="filters">
        <Search
          label={text('type')}
          value={of('type')}
          placeholder={text('type.hint')}
          suggestions={WEBHOOK_EVENTS}
          onChange={set('type')}
        />
        <Search label={text('userId')} value={of('userId')} onChange={set('userId')} />
        <Search label={text('actorId')} value={of('actorId')} onChange={set('actorId')} />
        <Day label={text('from')} value={of('from')} onChange={set('from')} />
        <Day label={text('to')} value={of('to')} onChange={set('to')} />
        <Check
          isOn={address.has('live')}
          onChange={(isOn) => go(placeOf(address, { live: isOn ? '1' : null, cursor: null }), { replaces: true })}
        >
          {text('live')}
        </Check>
        {isFiltered && (
          <a class="small" href={addressOf({ section: 'audit' })}>
            {consoleText('filters.clear')}
          </a>
        )}
      </div>
    </search>
  )
}
