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

const readEvents = (query: { type: string; cursor?: string; limit?: number }, signal: AbortSignal) =>
  client.request('GET /audit-events', { query, signal })

/** Answers which mails were sent again; the newest hundred of them are known. */
async function readSentAgain(signal: AbortSignal): Promise<ReadonlySet<unknown>> {
  const { items } = await readEvents({ type: 'mail.retried', limit: 100 }, signal)
  return new Set(items.map(({ details }) => details.outboxId))
}

/** The mails that were given up. They can be sent again, for as long as their links work. */
export function Mails({ address, may }: SectionProps) {
  const cursor = address.get('cursor')
  const mayRetry = may('users:write')
  const failures = useLoad(
    async (signal) => {
      const [page, sentAgain] = await Promise.all([
        readEvents({ type: 'mail.failed', ...(cursor && { cursor }) }, signal),
        mayRetry ? readSentAgain(signal) : new Set(),
      ])
      const items = page.items.map((event) => ({ ...event, isSentAgain: sentAgain.has(event.details.outboxId) }))
      return { ...page, items }
    },
    [cursor],
  )
  return (
    <Page title={text('mails.title')} lead={text('mails.lead')}>
      <PagedTable
        load={failures}
        address={address}
        caption={text('mails.title')}
        columns={mayRetry ? [...COLUMNS, RETRY] : COLUMNS}
        empty={text('mails.empty')}
      />
    </Page>
  )
}
