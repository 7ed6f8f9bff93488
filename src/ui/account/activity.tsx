import { useEffect, useRef, useState } from 'preact/hooks'
import type { Answer } from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { Action, Problem, useWork } from '../parts/form.tsx'
import { type Load, Loaded, useLoad } from '../parts/load.tsx'
import type { User } from '../parts/session.ts'
import { sayMoment } from '../parts/time.ts'
import { text as accountText } from '../texts/account/index.ts'
import { text } from '../texts/activity/index.ts'
import { type ActivityEvent, groupAlike, sayEvent, sayOrigin } from './activity-event.ts'
import type { Provider } from './providers.tsx'
import { Section, State } from './section.tsx'

type Page = Answer<'GET /auth/me/activity'>

/** So many events are shown at first, and so many more each time that somebody asks for older ones. */
const FIRST = 5
const MORE = 25
/** The service gives no more at a time. */
const MOST = 100

interface ActivityProps {
  user: User
  providers: readonly Provider[]
  /** It changes when something else on the page has ended sessions. */
  round: number
}

/** What happened to the account, the newest first. */
export function Activity({ user, providers, round }: ActivityProps) {
  const list: Load<Page> = useLoad(
    (signal) => readPage({ limit: Math.max(FIRST, list.value?.items.length ?? 0), signal }),
    [round, user],
  )
  const rows = useRef<HTMLOListElement>(null)
  const [firstOlder, setFirstOlder] = useState<number | null>(null)
  const work = useWork()
  const readOlder = async ({ items, nextCursor }: Page) => {
    const older = await readPage({ limit: MORE, cursor: nextCursor })
    list.set({ items: [...items, ...older.items], nextCursor: older.nextCursor })
    setFirstOlder(rows.current?.children.length ?? null)
  }
  // The button may be gone. Who reads the list goes on where it ended before.
  useEffect(() => {
    const { children = [] } = rows.current ?? {}
    const row = firstOlder === null ? undefined : (children[firstOlder] ?? children[children.length - 1])
    if (row instanceof HTMLElement) row.focus()
  }, [firstOlder])
  const nameProvider = (id: string) => providers.find((provider) => provider.id === id)?.name ?? id
  return (
    <Section id="activity" title={text('title')} lead={text('lead')}>
      <Loaded load={list} lines={9}>
        {(page) => (
          <>
            {page.items.length === 0 && <p class="empty">{text('none')}</p>}
            <ol class="rows events" ref={rows}>
              {groupAlike(page.items).map((alike) => (
                <Row key={alike[0]?.id} alike={alike} nameProvider={nameProvider} />
              ))}
            </ol>
            {page.nextCursor !== null && (
              <>
                <Problem trouble={work.trouble} />
                <Action class="secondary" work={work} onPress={() => readOlder(page)}>
                  {text('older')}
                </Action>
              </>
            )}
          </>
        )}
      </Loaded>
    </Section>
  )
}

interface RowProps {
  alike: readonly ActivityEvent[]
  nameProvider(id: string): string
}

function Row({ alike, nameProvider }: RowProps) {
  const [event] = alike
  if (event === undefined) return null
  return (
    <li class="row" tabIndex={-1}>
      <div>
        <strong>{sayEvent(event, nameProvider)}</strong>{' '}
        {alike.length > 1 && <State isOn={false}>{text('times', { count: alike.length })}</State>}{' '}
        {event.current && <State isOn>{accountText('devices.current')}</State>}
        <p class="hint" title={event.device?.userAgent}>
          <time dateTime={event.at}>{sayMoment(event.at)}</time>
          {sayOrigin(event).map((part) => ` · ${part}`)}
        </p>
      </div>
    </li>
  )
}

interface PageRequest {
  limit: number
  cursor?: string | null
  signal?: AbortSignal
}

/** Reads as many events as there is room for, behind a cursor or from the newest on. */
const readPage = ({ limit, cursor = null, ...request }: PageRequest): Promise<Page> =>
  client.request('GET /auth/me/activity', {
    query: { limit: Math.min(limit, MOST), ...(cursor === null ? {} : { cursor }) },
    ...request,
  })
