import { describe, expect, it } from 'vitest'
import { isBehind, type ListPosition, readPage } from '../../../src/services/paging.ts'

const idOf = (number: number) => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`
/** Builds so many rows, the newest first. Two at a time were made in the same millisecond. */
const rowsOf = (count: number): ListPosition[] =>
  Array.from({ length: count }, (_, index) => ({ at: 1000 - Math.floor(index / 2), id: idOf(count - index) }))

const readFrom = (rows: readonly ListPosition[], query: { cursor?: string; limit: number }) =>
  readPage(query, {
    listRows: async (last, atMost) => rows.filter((row) => !last || isBehind(row, last)).slice(0, atMost),
    positionOf: (row) => row,
    toItem: ({ id }) => id,
  })

describe('a list that is read in pages', () => {
  it('shows every row once, whatever the size of a page', async () => {
    const rows = rowsOf(7)
    for (const limit of [1, 2, 3, 7, 8]) {
      const seen: string[] = []
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await readFrom(rows, { limit, ...(cursor === undefined ? {} : { cursor }) })
        seen.push(...page.items)
        cursor = page.nextCursor
      }
      expect(seen).toEqual(rows.map(({ id }) => id))
    }
  })

  it('names no next page after the last row', async () => {
    expect((await readFrom(rowsOf(3), { limit: 3 })).nextCursor).toBeNull()
    expect(await readFrom([], { limit: 3 })).toEqual({ items: [], nextCursor: null })
  })

  it('goes on at the right place when the row shown last is gone and a new one has come', async () => {
    const rows = rowsOf(4)
    const { nextCursor } = await readFrom(rows, { limit: 2 })
    const changed = [{ at: 2000, id: idOf(99) }, ...rows.filter((_, index) => index !== 1)]
    const page = await readFrom(changed, { limit: 2, cursor: nextCursor ?? '' })
    expect(page.items).toEqual(rows.slice(2).map(({ id }) => id))
  })

  it('refuses a cursor that no page gave', async () => {
    for (const cursor of ['', 'abc', '1000', `1000.${idOf(1)}0`, `-1.${idOf(1)}`, `1e3.${idOf(1)}`])
      await expect(readFrom(rowsOf(1), { limit: 1, cursor })).rejects.toMatchObject({ code: 'invalid_request' })
  })
})
