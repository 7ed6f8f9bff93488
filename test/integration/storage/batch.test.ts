import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { inOneBatch } from '../../../src/storage/batch.ts'
import { roles } from '../../../src/storage/schema/index.ts'
import { countRows } from '../../support/database.ts'

const db = drizzle(env.DB)
const insert = (name: string) => db.insert(roles).values({ name, description: 'A role of this test.' })

describe('inOneBatch', () => {
  it('answers each statement under its name, in the order in which they ran', async () => {
    const { made, seen, gone, left, several } = await inOneBatch(db, {
      made: insert('first').returning({ name: roles.name }),
      left: null,
      seen: db.select({ name: roles.name }).from(roles).where(eq(roles.name, 'first')),
      several: [insert('second'), insert('third').returning({ description: roles.description })] as const,
      gone: db.delete(roles).where(eq(roles.name, 'first')).returning({ name: roles.name }),
    })
    expectTypeOf(made).toEqualTypeOf<{ name: string }[]>()
    expectTypeOf(left).toEqualTypeOf<null>()
    expectTypeOf(several[1]).toEqualTypeOf<{ description: string }[]>()
    expect({ made, seen, gone, left }).toEqual({
      made: [{ name: 'first' }],
      seen: [{ name: 'first' }],
      gone: [{ name: 'first' }],
      left: null,
    })
    expect(several[0].meta.changes).toBe(1)
    expect(several[1]).toEqual([{ description: 'A role of this test.' }])
  })

  it('does nothing at all when one statement fails', async () => {
    const twice = inOneBatch(db, { once: insert('fourth'), again: insert('fourth') })
    await expect(twice).rejects.toThrow()
    expect(await countRows('roles', "name = 'fourth'")).toBe(0)
  })
})
