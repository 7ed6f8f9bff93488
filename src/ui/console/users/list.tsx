import { useEffect, useRef } from 'preact/hooks'
import type { Answer, Input } from '../../../client/index.ts'
import { client } from '../../parts/client.ts'
import { useLoad } from '../../parts/load.tsx'
import { text } from '../../texts/users/index.ts'
import { addressOf } from '../parts/address.ts'
import { ClearFilters, filterOf, readFilters } from '../parts/filters.tsx'
import { Choice, Day, Search } from '../parts/inputs.tsx'
import { Page } from '../parts/page.tsx'
import { PagedTable } from '../parts/paged-table.tsx'
import { Badge, Time } from '../parts/show.tsx'
import type { Column } from '../parts/table.tsx'
import type { SectionProps } from '../section-props.ts'

type Query = NonNullable<Input<'GET /users'>['query']>
type User = Answer<'GET /users'>['items'][number]

const DAYS = ['createdFrom', 'createdTo', 'lastSeenFrom', 'lastSeenTo'] as const
const FILTERS = { texts: ['q', 'role', 'status', 'verified', 'factor', 'provider'], days: DAYS } as const
/** These filters are rarely needed, so they are folded away until one of them is set. */
const MORE = ['provider', ...DAYS] as const
/** Rare filters look at a part of the list at a time. So many parts are asked for before the reader is. */
const MOST_STEPS = 10

export function UserList({ address, may }: SectionProps) {
  const users = useLoad((signal) => readPage(readFilters(address, FILTERS) as Query, signal), [address.toString()])
  return (
    <Page title={text('title')}>
      <Filters address={address} mayListRoles={may('roles:read')} />
      <PagedTable load={users} address={address} caption={text('title')} columns={COLUMNS} empty={text('empty')} />
    </Page>
  )
}

const COLUMNS: readonly Column<User>[] = [
  {
    title: text('user'),
    show: ({ id, email, name }) => (
      <>
        <a href={addressOf({ section: 'users', user: id })}>{name ?? email}</a>
        {name !== null && <div class="muted">{email}</div>}
      </>
    ),
  },
  {
    title: text('status'),
    show: ({ status, emailVerified }) => (
      <span class="badges">
        <Badge kind={status === 'active' ? 'good' : 'bad'}>{text(`status.${status}`)}</Badge>
        {!emailVerified && <Badge>{text('verified.false')}</Badge>}
      </span>
    ),
  },
  {
    title: text('role'),
    show: ({ roles }) => (
      <span class="badges">
        {roles.map((role) => (
          <Badge key={role}>{role}</Badge>
        ))}
      </span>
    ),
  },
  {
    title: text('factor'),
    show: ({ mfa: { totp, passkeys } }) =>
      [...(totp ? [text('factor.totp')] : []), ...(passkeys > 0 ? [text('factor.passkey')] : [])].join(', ') ||
      text('factor.none'),
  },
  { title: text('created'), show: ({ createdAt }) => <Time at={createdAt} hasDayOnly /> },
  { title: text('lastSeen'), show: ({ lastSeenAt }) => <Time at={lastSeenAt} hasDayOnly /> },
]

/** Asks until a page has somebody on it, because the service may answer an empty page while there is a next one. */
async function readPage(query: Query, signal: AbortSignal): Promise<Answer<'GET /users'>> {
  let page = await client.request('GET /users', { query, signal })
  for (let step = 1; step < MOST_STEPS && page.items.length === 0 && page.nextCursor !== null; step++)
    page = await client.request('GET /users', { query: { ...query, cursor: page.nextCursor }, signal })
  return page
}

function Filters({ address, mayListRoles }: { address: URLSearchParams; mayListRoles: boolean }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const focusSearch = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.target !== document.body) return
      event.preventDefault()
      place.current?.querySelector('input')?.focus()
    }
    addEventListener('keydown', focusSearch)
    return () => removeEventListener('keydown', focusSearch)
  }, [])
  const roles = useLoad(async (signal) =>
    mayListRoles ? (await client.request('GET /roles', { signal })).items.map(({ name }) => name) : [],
  )
  const filter = (name: string) => filterOf(address, name)
  const { value: role } = filter('role')
  const any = ['', text('any')] as const
  return (
    <search>
      <div class="filters" ref={place}>
        <div class="wide">
          <Search label={text('search')} placeholder={text('search.hint')} {...filter('q')} />
        </div>
        <Choice
          label={text('status')}
          {...filter('status')}
          options={[any, ['active', text('status.active')], ['deactivated', text('status.deactivated')]]}
        />
        <Choice
          label={text('verified')}
          {...filter('verified')}
          options={[any, ['true', text('verified.true')], ['false', text('verified.false')]]}
        />
        <Choice
          label={text('factor')}
          {...filter('factor')}
          options={[
            any,
            ['totp', text('factor.totp')],
            ['passkey', text('factor.passkey')],
            ['none', text('factor.none')],
          ]}
        />
        {mayListRoles && (
          <Choice
            label={text('role')}
            {...filter('role')}
            options={[any, ...(roles.value ?? (role ? [role] : [])).map((name) => [name, name] as const)]}
          />
        )}
        <ClearFilters address={address} filters={FILTERS} />
      </div>
      <details class="more" open={MORE.some((name) => address.has(name))}>
        <summary>{text('more')}</summary>
        <div class="filters">
          <Search label={text('provider')} {...filter('provider')} />
          {DAYS.map((name) => (
            <Day key={name} label={text(name)} {...filter(name)} />
          ))}
        </div>
      </details>
    </search>
  )
}
