import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { describe, expect, it } from 'vitest'
import { FACTORS } from '../../../src/services/factors/registry.ts'
import { restoreFormerStatements } from '../../../src/storage/accounts/former-state.ts'

/** A database that is asked nothing: the statements are only read. */
const db = drizzle({} as D1Database)
const tableIn = (statement: object) =>
  /^(?:delete from|insert into) "(\w+)"/.exec((statement as { toSQL(): { sql: string } }).toSQL().sql)?.[1]

describe('the state that "This was not me" gives back', () => {
  it('covers the table of every factor that an account can have', () => {
    const ofFactors = FACTORS.flatMap(({ remove }) => (remove ? [tableIn(remove(db, 'somebody', sql`true`))] : []))
    const restored = restoreFormerStatements(db, 'token', 0).map(tableIn)
    expect(ofFactors).toHaveLength(3)
    expect(restored).toEqual(expect.arrayContaining([...ofFactors, 'identities']))
  })
})
