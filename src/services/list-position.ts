import { Refusal } from '../errors.ts'

/** A place in a list that is sorted by time and then by id: the item last shown. */
export interface ListPosition {
  at: number
  id: string
}

const CURSOR = /^(\d{1,15})\.([0-9a-f-]{36})$/

/** A cursor names a position by what the list is sorted by, so it stays right when items come and go. */
export const toCursor = ({ at, id }: ListPosition): string => `${at}.${id}`

/** @throws {Refusal} `invalid_request` for a cursor that no page gave. */
export function readCursor(cursor: string | undefined): ListPosition | undefined {
  if (cursor === undefined) return undefined
  const [, at, id] = CURSOR.exec(cursor) ?? []
  if (at === undefined || id === undefined)
    throw new Refusal('invalid_request', { errors: [{ path: 'cursor', message: 'No page gave this cursor.' }] })
  return { at: Number(at), id }
}
