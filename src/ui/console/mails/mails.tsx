import type { Answer } from '../../../client/index.ts'
import { client } from '../../parts/client.ts'
import { useLoad } from '../../parts/load.tsx'
import { text } from '../../texts/operations/index.ts'
import { addressOf } from '../parts/address.ts'
import { Page } from '../parts/page.tsx'
import { PagedTable } from '../parts/paged-table.tsx'
import { Badge, Time } from '../parts/show.tsx'
import type { Column } from '../parts/table.tsx'
import type { SectionProps } from '../section-props.ts'
import { Retry } from './retry.tsx'

type Failure = Answer<'GET /audit-events'>['items'][number] & { isSentAgain: boolean }

/** The kind of a mail, which may stand on two lines. */
const nameOf = (kind: unknown) => String(kind).replaceAll('_', ' ')

const COLUMNS: readonly Column<Failure>[] = [
  {
    title: text('mails.to'),
    show: ({ userId }) =>
      userId === null ? '–' : <a href={addressOf({ section: 'users', user: userId })}>{text('mails.open')}</a>,
  },
  { title: text('mails.at'), show: ({ at }) => <Time at={at} /> },
  { title: text('mails.kind'), show: ({ details }) => <Badge>{nameOf(details.kind)}</Badge> },
  { title: text('mails.attempts'), show: ({ details }) => String(details.attempts) },
  { title: text('mails.reason'), show: ({ details }) => String(details.reason) },
]

const RETRY: Column<Failure> = {
  title: text('mails.retry'),
  show: ({ details, isSentAgain }) => (
    <Retry mailId={String(details.outboxId)} kind={nameOf(details.kind)} isSentAgain={isSentAgain} />
  ),
}

/** Reads a page of failures, and of which of them the mail was sent again; the newest hundred of those are known. */
async function readFailures(cursor: string | null, signal: AbortSignal) {
  const read = (query: { type: string; cursor?: string; limit?: number }) =>
    client.request('GET /audit-events', { query, signal })
  const [{ items, nextCursor }, retried] = await Promise.all([
    read({ type: 'mail.failed', ...(cursor && { cursor }) }),
    read({ type: 'mail.retried', limit: 100 }),
  ])
  const sentAgain = new Set(retried.items.map(({ details }) => details.outboxId))
  const failures = items.map((event) => ({ ...event, isSentAgain: sentAgain.has(event.details.outboxId) }))
  return { items: failures, nextCursor }
}

/** The mails that were given up. They can be sent again, for as long as their links work. */
export function Mails({ address, may }: SectionProps) {
  const cursor = address.get('cursor')
  const failures = useLoad((signal) => readFailures(cursor, signal), [cursor])
  return (
    <Page title={text('mails.title')} lead={text('mails.lead')}>
      <PagedTable
        load={failures}
        address={address}
        caption={text('mails.title')}
        columns={may('users:write') ? [...COLUMNS, RETRY] : COLUMNS}
        empty={text('mails.empty')}
      />
    </Page>
  )
}
