import { useState } from 'preact/hooks'
import { client } from '../../parts/client.ts'
import { Loaded, useLoad } from '../../parts/load.tsx'
import { text } from '../../texts/operations/index.ts'
import { addressOf } from '../parts/address.ts'
import { Page } from '../parts/page.tsx'
import { Badge, Time } from '../parts/show.tsx'
import { type Column, Table } from '../parts/table.tsx'
import type { SectionProps } from '../section-props.ts'
import { NewWebhook } from './new-webhook.tsx'
import { type Webhook, WebhookPage } from './webhook.tsx'

const COLUMNS: readonly Column<Webhook>[] = [
  {
    title: text('hooks.url'),
    show: ({ id, url }) => <a href={addressOf({ section: 'webhooks', webhook: id })}>{url}</a>,
  },
  {
    title: text('hooks.state'),
    show: ({ status }) => <Badge kind={status === 'active' ? 'good' : 'plain'}>{text(`hooks.state.${status}`)}</Badge>,
  },
  { title: text('hooks.events'), show: ({ events }) => String(events.length) },
  { title: text('hooks.created'), show: ({ createdAt }) => <Time at={createdAt} /> },
]

/** The endpoints that are told of events, or the one that is open. */
export function Webhooks({ address, may }: SectionProps) {
  const [isAdding, setAdding] = useState(false)
  const webhooks = useLoad((signal) => client.request('GET /webhooks', { signal }))
  const id = address.get('webhook')
  const mayWrite = may('webhooks:write')
  if (id !== null)
    return (
      <Loaded load={webhooks} lines={8}>
        {({ items }) => (
          <WebhookPage
            key={id}
            webhook={items.find((webhook) => webhook.id === id) ?? null}
            address={address}
            mayWrite={mayWrite}
            onChange={webhooks.again}
          />
        )}
      </Loaded>
    )
  return (
    <Page
      title={text('hooks.title')}
      lead={text('hooks.lead')}
      actions={
        mayWrite && (
          <button class="small main" type="button" onClick={() => setAdding(true)}>
            {text('hooks.add')}
          </button>
        )
      }
    >
      <Loaded load={webhooks} lines={5}>
        {({ items }) => (
          <div class="framed">
            <Table
              caption={text('hooks.title')}
              columns={COLUMNS}
              rows={items}
              keyOf={(webhook) => webhook.id}
              empty={text('hooks.empty')}
            />
          </div>
        )}
      </Loaded>
      {isAdding && <NewWebhook onDone={webhooks.again} onClose={() => setAdding(false)} />}
    </Page>
  )
}
