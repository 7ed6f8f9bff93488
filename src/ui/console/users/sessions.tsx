import { useState } from 'preact/hooks'
import type { Answer } from '../../../client/index.ts'
import { client } from '../../parts/client.ts'
import { Loaded, useLoad } from '../../parts/load.tsx'
import { text } from '../../texts/users/index.ts'
import { announce } from '../parts/announce.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Panel } from '../parts/page.tsx'
import { Badge, Time } from '../parts/show.tsx'
import { type Column, Table } from '../parts/table.tsx'

type Session = Answer<'GET /users/{id}/sessions'>['items'][number]

const COLUMNS: readonly Column<Session>[] = [
  {
    title: text('sessions.device'),
    show: ({ device, current }) => (
      <>
        {device.name} {current && <Badge kind="good">{text('sessions.current')}</Badge>}
      </>
    ),
  },
  {
    title: text('sessions.place'),
    show: ({ location }) => [location?.city, location?.country].filter(Boolean).join(', ') || '–',
  },
  { title: text('lastSeen'), show: ({ lastSeenAt }) => <Time at={lastSeenAt} /> },
]

export function Sessions({ id }: { id: string }) {
  const [isAsking, setAsking] = useState(false)
  const sessions = useLoad(
    (signal) => client.request('GET /users/{id}/sessions', { path: { id }, query: { limit: 100 }, signal }),
    [id],
  )
  const end = async () => {
    await client.request('DELETE /users/{id}/sessions', { path: { id } })
    void sessions.again()
    announce(text('sessions.ended'))
  }
  return (
    <Panel title={text('sessions')}>
      <Loaded load={sessions} lines={3}>
        {({ items }) => (
          <>
            <Table
              caption={text('sessions')}
              columns={COLUMNS}
              rows={items}
              keyOf={(session) => session.id}
              empty={text('sessions.empty')}
            />
            {items.length > 0 && (
              <button class="small" type="button" onClick={() => setAsking(true)}>
                {text('sessions.end')}
              </button>
            )}
          </>
        )}
      </Loaded>
      {isAsking && (
        <Confirm
          title={text('sessions.end.title')}
          lead={text('sessions.end.lead')}
          action={text('sessions.end.submit')}
          onConfirm={end}
          onClose={() => setAsking(false)}
        />
      )}
    </Panel>
  )
}
