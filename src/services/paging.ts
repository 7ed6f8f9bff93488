import type { PageQuery } from '../contracts/lists.ts'
import { Refusal } from '../errors.ts'

/** A place in a list that is sorted by time and then by id: the place of the item that was shown last. */
export interface ListPosition {
  at: number
  id: string
}

export interface Page<Item> {
  items: Item[]
  /** The cursor that asks for the next page; null on the last page. */
  nextCursor: string | null
}

interface List<Row, Item> {
  /**
   * Lists the rows after a position, newest first, or from the start of the list. It need not give more than `atMost`.
   */
  listRows: (last: ListPosition | undefined, atMost: number) => Promise<readonly Row[]>
  positionOf: (row: Row) => ListPosition
  toItem: (row: Row) => Item
  /**
   * Gives the place behind which the next page goes on where only a part of the list was searched for this one, and
   * null where all of it was.
   */
  endOfPart?: () => ListPosition | null
}

/**
 * Reads one page of a list. A cursor names a position by what the list is sorted by, so it stays right when items come
 * and go.
 * @throws {Refusal} `invalid_request` for a cursor that did not come from a page.
 */
export async function readPage<Row, Item>(
  { cursor, limit }: PageQuery,
  { listRows, positionOf, toItem, endOfPart }: List<Row, Item>,
): Promise<Page<Item>> {
  // One row more than the page holds tells whether there is a next page.
  const rows = await listRows(cursor === undefined ? undefined : readCursor(cursor), limit + 1)
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  const position = last ? positionOf(last) : (endOfPart?.() ?? null)
  return { items: page.map(toItem), nextCursor: position && toCursor(position) }
}

/** Tells whether a position comes later in a list that shows the newest first. */
export const isBehind = (position: ListPosition, last: ListPosition): boolean =>
  position.at < last.at || (position.at === last.at && position.id < last.id)

const CURSOR = /^(\d{1,15})\.([0-9a-f-]{36})$/

const toCursor = ({ at, id }: ListPosition): string => `${at}.${id}`

function readCursor(cursor: string): ListPosition {
  const [, at, id] = CURSOR.exec(cursor) ?? []
  if (at === undefined || id === undefined)
    throw new Refusal('invalid_request', { errors: [{ path: 'cursor', message: 'No page gave this cursor.' }] })
  return { at: Number(at), id }
}
