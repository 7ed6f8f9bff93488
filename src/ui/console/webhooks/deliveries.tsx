import type { Answer, Input } from '../../../client/index.ts'
import { client } from '../../parts/client.ts'
import { Loaded, useLoad } from '../../parts/load.tsx'
import { text } from '../../texts/operations/index.ts'
import { narrow } from '../parts/filters.tsx'
import { Choice } from '../parts/inputs.tsx'
import { Panel } from '../parts/page.tsx'
import { Badge, Time } from '../parts/show.tsx'
import { type Column, Pager, Table } from '../parts/table.tsx'

type Delivery = Answer<'GET /webhooks/{id}/deliveries'>['items'][number]
type Query = NonNullable<Input<'GET /webhooks/{id}/deliveries'>['query']>

const STATES = ['pending', 'delivered', 'failed'] as const
const KINDS = { pending: 'plain', delivered: 'good', failed: 'bad' } as const

const COLUMNS: readonly Column<Delivery>[] = [
  { title: text('hooks.delivery.type'), show: ({ type }) => <span class="mono">{type}</span> },
  {
    title: text('hooks.state'),
    show: ({ status }) => <Badge kind={KINDS[status]}>{text(`hooks.delivery.${status}`)}</Badge>,
  },
  { title: text('hooks.delivery.at'), show: ({ createdAt }) => <Time at={createdAt} /> },
  { title: text('hooks.delivery.attempts'), show: ({ attempts }) => String(attempts) },
  {
    title: text('hooks.delivery.next'),
    show: ({ nextAttemptAt }) => (nextAttemptAt === null ? '–' : <Time at={nextAttemptAt} />),
  },
  { title: text('hooks.delivery.error'), show: ({ lastError }) => lastError ?? '–' },
]

/** What was sent to an endpoint, the newest first. */
export function Deliveries({ id, address }: { id: string; address: URLSearchParams }) {
  const cursor = address.get('cursor')
  const status = STATES.find((state) => state === address.get('status'))
  const query: Query = { ...(cursor && { cursor }), ...(status && { status }) }
  const deliveries = useLoad(
    (signal) => client.request('GET /webhooks/{id}/deliveries', { path: { id }, query, signal }),
    [JSON.stringify(query)],
  )
  return (
    <Panel title={text('hooks.deliveries')}>
      <div class="filters">
        <Choice
          label={text('hooks.state')}
          value={status ?? ''}
          onChange={(next) => narrow(address, { status: next })}
          options={[
            ['', text('hooks.deliveries.any')],
            ...STATES.map((state) => [state, text(`hooks.delivery.${state}`)] as const),
          ]}
        />
      </div>
      <Loaded load={deliveries} lines={5}>
        {({ items, nextCursor }) => (
          <>
            <Table
              caption={text('hooks.deliveries')}
              columns={COLUMNS}
              rows={items}
              keyOf={(delivery) => delivery.id}
              empty={text('hooks.deliveries.empty')}
            />
            <Pager address={address} nextCursor={nextCursor} />
          </>
        )}
      </Loaded>
    </Panel>
  )
}
