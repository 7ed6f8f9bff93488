import { WEBHOOK_EVENTS } from '../../../domain/webhook-events.ts'
import { client } from '../../parts/client.ts'
import { useLoad } from '../../parts/load.tsx'
import { text } from '../../texts/audit/index.ts'
import { ClearFilters, filterOf, narrow } from '../parts/filters.tsx'
import { Check, Day, Search } from '../parts/inputs.tsx'
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
  const events = useLoad((signal) => client.request('GET /audit-events', { query, signal }), [JSON.stringify(query)])
  const came = useTail(isLive ? events : null, query)
  return (
    <Page title={text('title')} actions={<Verification />}>
      <Filters address={address} />
      <p role="status" class="hint">
        {isLive && `${text('live.on')} ${came > 0 ? text('live.came', { count: came }) : ''}`}
      </p>
      <PagedTable load={events} address={address} caption={text('title')} columns={COLUMNS} empty={text('empty')} />
    </Page>
  )
}

function Filters({ address }: { address: URLSearchParams }) {
  const filter = (name: string) => filterOf(address, name)
  return (
    <search>
      <div class="filters">
        <Search label={text('type')} placeholder={text('type.hint')} suggestions={WEBHOOK_EVENTS} {...filter('type')} />
        <Search label={text('userId')} {...filter('userId')} />
        <Search label={text('actorId')} {...filter('actorId')} />
        <Day label={text('from')} {...filter('from')} />
        <Day label={text('to')} {...filter('to')} />
        <Check isOn={address.has('live')} onChange={(isOn) => narrow(address, { live: isOn ? '1' : null })}>
          {text('live')}
        </Check>
        <ClearFilters address={address} filters={FILTERS} />
      </div>
    </search>
  )
}
