import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { USERS_PER_FILTER, USERS_PER_PART } from '../../../src/config.ts'
import { listOf } from '../../../src/contracts/lists.ts'
import { User } from '../../../src/contracts/users.ts'
import { administrator } from '../../support/accounts.ts'
import { answerOf } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer } from '../../support/client.ts'
import { rows } from '../../support/database.ts'
import { interceptEnv } from '../../support/intercept-env.ts'

const USERS = 100_000
/** The list is looked at twice at most, once to plan the page and once to read it; a search has three indexes. */
const MOST_ROWS = 2 * USERS_PER_PART + 3 * USERS_PER_FILTER

let admin: Awaited<ReturnType<typeof administrator>>
beforeAll(async () => {
  await rows(`with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${USERS})
    insert into users (id, email, email_verified_at, username, name, name_folded, status, created_at, last_seen_at)
    select printf('00000000-0000-7000-8000-%012x', n), printf('p%06d@crowd.example', n), iif(n % 5000 = 0, null, 1),
      printf('u%06d', n), printf('Person %06d', n), printf('person %06d', n),
      iif(n % 7000 = 0, 'deactivated', 'active'), n * 1000, iif(n % 250 = 0, 1000, 2000) from numbers`)
  await rows("insert into roles (name, description) values ('half', 'Made for a test.'), ('few', 'Made for a test.')")
  await rows("insert into user_roles (user_id, role) select id, 'user' from users")
  await rows("insert into user_roles (user_id, role) select id, 'half' from users where created_at % 2000 = 0")
  await rows("insert into user_roles (user_id, role) select id, 'few' from users where created_at % 9999000 = 0")
  await rows(`insert into totp_secrets (user_id, seals, sealed_for, created_at, activated_at)
    select id, '', 'v1', 1, iif(created_at % 3000 = 0, 1, null) from users where created_at % 1000000 = 0`)
  await rows(`insert into identities (id, user_id, provider, issuer, subject, how, created_at, last_used_at)
    select id, id, iif(created_at % 5000000 = 0, 'github', 'google'), 'issuer', id, 'linked', 1, 1 from users
    where created_at % 3000 <> 0`)
  admin = await administrator()
}, 120_000)

/** Asks for a page, and tells how often and for how many rows D1 was asked. */
async function ask(query: string) {
  const asked = { queries: 0, rowsRead: 0, sql: new Set<string>() }
  const note = interceptEnv(env as Env, async (call, proceed) => {
    const answer = await proceed()
    if (call.kind !== 'd1') return answer
    asked.queries += 1
    for (const sql of call.sql) asked.sql.add(sql)
    // Only a batch tells how many rows it has read, and whatever reads users is one.
    if (call.operation === 'batch') for (const { meta } of answer as D1Result[]) asked.rowsRead += meta.rows_read
    return answer
  })
  const headers = bearer(admin.tokens.accessToken)
  const page = await answerOf(await callWorker(note, 'GET', `/users?${query}`, { headers }), listOf(User))
  return { ...page, ...asked }
}

/** Lists the steps by which SQLite walks over a table of any size without an index. */
async function scansOf(sql: string): Promise<string[]> {
  const plan = await rows(`explain query plan ${sql}`, ...Array.from(sql.matchAll(/\?/g), () => null))
  return plan
    .map(({ detail }) => String(detail))
    .filter((step) => /^SCAN (?!\(|json_each|CONSTANT|roles)(?!.*USING)/.test(step))
}

const LAST_SEEN = 'lastSeenFrom=1970-01-01T00:00:01.000Z&lastSeenTo=1970-01-01T00:00:01.001Z'

describe('GET /users with 100,000 users', () => {
  it.each([
    ['', 50],
    ['q=p000777', 1],
    ['q=PERSON 000777', 1],
    ['q=p0', 50],
    ['q=nobody', 0],
    ['role=few', 10],
    ['role=half', 50],
    ['role=user', 50],
    ['status=active', 50],
    ['status=deactivated', 14],
    ['verified=false', 20],
    ['verified=true', 50],
    ['factor=totp', 33],
    ['factor=passkey', 0],
    ['factor=none', 50],
    ['provider=google', 50],
    ['provider=github', 14],
    ['createdFrom=1970-01-01T00:00:02.000Z&createdTo=1970-01-01T00:00:07.000Z', 5],
    [LAST_SEEN, 40],
    ['q=p&status=deactivated&role=half', 14],
    ['q=p0&role=few&factor=none&verified=true', 10],
  ])('%s: takes at most three queries, each by an index, and reads few rows', async (query, expected) => {
    const { items, queries, rowsRead, sql } = await ask(query)
    expect(items).toHaveLength(expected)
    expect(queries).toBeLessThanOrEqual(3)
    expect(rowsRead).toBeLessThan(MOST_ROWS)
    for (const statement of sql) expect(await scansOf(statement), statement).toEqual([])
  })

  it('reads no more for a page from the middle, and none of it by counting everybody', async () => {
    const cursor = 'cursor=50000000.00000000-0000-7000-8000-00000000c350'
    for (const query of [cursor, `${cursor}&role=half`, `${cursor}&q=p`, `${cursor}&${LAST_SEEN}`]) {
      const { items, rowsRead, sql } = await ask(query)
      expect(items[0]?.createdAt.slice(0, 16)).toMatch(/^1970-01-01T13:(5|4)/)
      expect(rowsRead).toBeLessThan(MOST_ROWS)
      expect([...sql].join('\n')).not.toMatch(/select count\(\*\) from \W?users/i)
    }
  })

  it('finds everybody once, though a page ends with a part of the list and accounts come and go', async () => {
    const seen: string[] = []
    let cursor: string | null = ''
    let pages = 0
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof ask>> = await ask(
        `${LAST_SEEN}&limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`,
      )
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
      pages += 1
      await rows("delete from users where id = '00000000-0000-7000-8000-0000000000fa'")
      await rows(
        'insert into users (id, email, created_at, last_seen_at) values (?1, ?1, ?2, 1000)',
        crypto.randomUUID(),
        Date.now(),
      )
    }
    expect(seen).toHaveLength(USERS / 250 - 1)
    expect(new Set(seen).size).toBe(seen.length)
    expect(pages).toBeLessThanOrEqual(USERS / USERS_PER_PART + 2)
  })
})
