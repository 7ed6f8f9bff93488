import type { ComponentChildren } from 'preact'
import { text } from '../../texts/console/index.ts'
import { addressOf, placeOf } from './address.ts'

export interface Column<Row> {
  title: string
  show(row: Row): ComponentChildren
}

export interface TableProps<Row> {
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf(row: Row): string
  /** What stands there when there are no rows. */
  empty: string
}

/** A table that becomes a list of cards on a small screen. The arrow keys go from one row's link to the next. */
export function Table<Row>({ caption, columns, rows, keyOf, empty }: TableProps<Row>) {
  if (rows.length === 0) return <p class="empty">{empty}</p>
  return (
    <table class="cards">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title }) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody onKeyDown={moveFocus}>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ title, show }) => (
              <td key={title} data-label={title}>
                {show(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function moveFocus(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('td:first-child :is(a, summary)')]
  const current = links.findIndex((link) => link.matches(':focus'))
  if (current === -1) return
  event.preventDefault()
  links[current + (event.key === 'ArrowDown' ? 1 : -1)]?.focus()
}

/** Leads to the page before and after. Each page has an address of its own. */
export function Pager({ address, nextCursor }: { address: URLSearchParams; nextCursor: string | null }) {
  const isFirst = !address.has('cursor')
  if (isFirst && nextCursor === null) return null
  return (
    <nav class="pager" aria-label={text('pages')}>
      {!isFirst && <a href={addressOf(placeOf(address, { cursor: null }))}>{text('pages.first')}</a>}
      {nextCursor !== null && <a href={addressOf(placeOf(address, { cursor: nextCursor }))}>{text('pages.next')}</a>}
    </nav>
  )
}
