import { env } from 'cloudflare:workers'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../../src/platform/database.ts'
import { inOneBatch } from '../../../src/storage/batch.ts'
import { type Places, prepared } from '../../../src/storage/prepared.ts'
import { auditEvents } from '../../../src/storage/schema/index.ts'
import { findLiveSession } from '../../../src/storage/sessions/sessions.ts'
import { signedIn } from '../../support/accounts.ts'

const db = openDatabase(env.DB)

/** Makes a statement that counts how often it is built. */
function countedStatement() {
  const built: unknown[] = []
  const statement = prepared((database, { id, at }: Places<{ id: string; at: number }>) => {
    built.push(database)
    return database
      .select({ id: sql<string>`${id}`.as('id'), at: sql`${at} + 1`.mapWith(Number).as('at') })
      .from(sql`(select 1)`)
  })
  return { built, statement }
}

describe('a prepared statement', () => {
  it('is built once for a database, however many calls there are', async () => {
    const { built, statement } = countedStatement()
    await statement(db, { id: 'a', at: 1 })
    await inOneBatch(db, { one: statement(db, { id: 'b', at: 2 }), two: statement(db, { id: 'c', at: 3 }) })
    expect(built).toEqual([db])
    const other = openDatabase(env.DB)
    await statement(other, { id: 'd', at: 4 })
    expect(built).toHaveLength(2)
  })

  it('keeps the values of calls apart that run at once', async () => {
    const { statement } = countedStatement()
    const calls = Array.from({ length: 20 }, (_, at) => ({ id: `call ${at}`, at }))
    const answers = await Promise.all(
      calls.map(async (values) => {
        const bound = statement(db, values)
        await Promise.resolve()
        return await bound
      }),
    )
    expect(answers.flat()).toEqual(calls.map(({ id, at }) => ({ id, at: at + 1 })))
  })

  it('keeps the values of statements apart that join one batch, and maps their rows as Drizzle does', async () => {
    const insert = prepared((database, event: Places<typeof auditEvents.$inferInsert>) =>
      database.insert(auditEvents).values(event),
    )
    const find = prepared((database, { id }: Places<{ id: string }>) =>
      database.select({ details: auditEvents.details }).from(auditEvents).where(eq(auditEvents.id, id)),
    )
    const event = (id: string) => ({ id, type: 'user.updated', at: 5, details: { changed: [id] } })
    const { first, second } = await inOneBatch(db, {
      inserts: [insert(db, event('one')), insert(db, event('two'))],
      first: find(db, { id: 'one' }),
      second: find(db, { id: 'two' }),
    })
    expect([first, second]).toEqual([[{ details: { changed: ['one'] } }], [{ details: { changed: ['two'] } }]])
  })

  it('refuses a call that leaves a value out', async () => {
    const { statement } = countedStatement()
    await statement(db, { id: 'a', at: 1 })
    const lacking = { id: 'b' } as { id: string; at: number }
    await expect(async () => await statement(db, lacking)).rejects.toThrow('placeholder "at"')
  })

  it('reports a database that is down as a statement that is not prepared does', async () => {
    const { session } = await signedIn()
    const live = { nowMs: Date.now(), seenAfterMs: -1 }
    const down = openDatabase({
      prepare: () => ({ bind: () => ({ raw: () => Promise.reject(new Error('D1_ERROR: down')) }) }),
    } as unknown as D1Database)
    await expect(findLiveSession(down, session.id, live)).rejects.toMatchObject({
      cause: { name: 'DependencyError', dependency: 'database' },
    })
    expect(await findLiveSession(db, session.id, live)).not.toBeNull()
  })
})
