import { useState } from 'preact/hooks'
import type { Answer } from '../../../client/index.ts'
import { client } from '../../parts/client.ts'
import { Loaded, useLoad } from '../../parts/load.tsx'
import { text } from '../../texts/operations/index.ts'
import { announce } from '../parts/announce.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Page } from '../parts/page.tsx'
import { Badge, Time } from '../parts/show.tsx'
import { type Column, Table } from '../parts/table.tsx'
import type { SectionProps } from '../section-props.ts'

type Key = Answer<'GET /signing-keys'>['items'][number]

const KINDS = { next: 'plain', current: 'good', former: 'plain', unusable: 'bad' } as const

const COLUMNS: readonly Column<Key>[] = [
  { title: text('keys.kid'), show: ({ kid }) => <span class="mono">{kid}</span> },
  { title: text('keys.state'), show: ({ state }) => <Badge kind={KINDS[state]}>{text(`keys.state.${state}`)}</Badge> },
  { title: text('keys.created'), show: ({ createdAt }) => <Time at={createdAt} /> },
  { title: text('keys.signsUntil'), show: ({ signsUntil }) => <Time at={signsUntil} /> },
  { title: text('keys.verifiesUntil'), show: ({ verifiesUntil }) => <Time at={verifiesUntil} /> },
]

/** The keys that sign access tokens. They rotate by themselves; somebody in a hurry does it here. */
export function Keys({ may }: SectionProps) {
  const [isAsking, setAsking] = useState(false)
  const keys = useLoad((signal) => client.request('GET /signing-keys', { signal }))
  const rotate = async () => {
    await client.request('POST /signing-keys/rotation')
    void keys.again()
    announce(text('keys.rotated'))
  }
  return (
    <Page
      title={text('keys.title')}
      lead={text('keys.lead')}
      actions={
        may('keys:rotate') && (
          <button class="small" type="button" onClick={() => setAsking(true)}>
            {text('keys.rotate')}
          </button>
        )
      }
    >
      <Loaded load={keys} lines={4}>
        {({ items }) => (
          <div class="framed">
            <Table
              caption={text('keys.title')}
              columns={COLUMNS}
              rows={items}
              keyOf={({ kid }) => kid}
              empty={text('keys.empty')}
            />
          </div>
        )}
      </Loaded>
      {isAsking && (
        <Confirm
          title={text('keys.rotate.title')}
          lead={text('keys.rotate.lead')}
          action={text('keys.rotate.submit')}
          onConfirm={rotate}
          onClose={() => setAsking(false)}
        />
      )}
    </Page>
  )
}
