import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { AuditEvent } from '../../../src/contracts/audit.ts'
import { listOf } from '../../../src/contracts/lists.ts'
import { signedIn } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { bearer, get } from '../../support/client.ts'
import { NOON_MS } from '../../support/clock.ts'

type Signed = Awaited<ReturnType<typeof signedIn>>
let admin: Signed
let user: Signed

const Page = listOf(AuditEvent)
const list = async (query = '') =>
  await answerOf(await get(`/audit-events${query}`, bearer(admin.tokens.accessToken)), Page)
const grantAdmin = (id: string) =>
  env.DB.prepare("insert into user_roles (user_id, role) values (?, 'admin')").bind(id).run()

/** Adds events of one type that are one second apart. */
async function plant(type: string, count: number, from: number): Promise<void> {
  const insert = env.DB.prepare("insert into audit_events (id, type, at, user_id, details) values (?, ?, ?, ?, '{}')")
  const row = (index: number) => insert.bind(crypto.randomUUID(), type, from + index * 1000, user.id)
  await env.DB.batch(Array.from({ length: count }, (_, index) => row(index)))
}

beforeAll(async () => {
  admin = await signedIn()
  user = await signedIn()
  await grantAdmin(admin.id)
})

describe('GET /audit-events', () => {
  it('is read by those alone whose permission stands in the database, whatever their token says (ASVS 8.2.1)', async () => {
    await expectRefusal(await get('/audit-events'), 401, 'unauthenticated')
    await expectRefusal(await get('/audit-events', bearer(user.tokens.accessToken)), 403, 'forbidden')
    expect((await get('/audit-events', bearer(admin.tokens.accessToken))).status).toBe(200)
  })

  it('refuses a former admin at once (ASVS 8.3.2)', async () => {
    const former = await signedIn()
    await grantAdmin(former.id)
    expect((await get('/audit-events', bearer(former.tokens.accessToken))).status).toBe(200)
    await env.DB.prepare("delete from user_roles where user_id = ? and role = 'admin'").bind(former.id).run()
    await expectRefusal(await get('/audit-events', bearer(former.tokens.accessToken)), 403, 'forbidden')
  })

  it('answers who did what to whom, the newest first', async () => {
    const { items } = await list(`?userId=${user.id}&type=login.succeeded`)
    expect(items).toMatchObject([
      { type: 'login.succeeded', actorId: user.id, userId: user.id, details: { methods: ['pwd'] } },
    ])
    const times = (await list()).items.map(({ at }) => at)
    expect(times).toEqual([...times].sort().reverse())
  })

  it('shows a mail that could not be delivered, without its address', async () => {
    await plant('mail.failed', 1, NOON_MS)
    const { items } = await list('?type=mail.failed')
    expect(items).toMatchObject([{ type: 'mail.failed', userId: user.id }])
  })

  it('pages through everything once, also through events of one moment', async () => {
    const insert = env.DB.prepare("insert into audit_events (id, type, at, details) values (?, 'test.page', ?, '{}')")
    await env.DB.batch(Array.from({ length: 7 }, () => insert.bind(crypto.randomUUID(), NOON_MS)))
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof list>> = await list(
        `?type=test.page&limit=3${cursor && `&cursor=${cursor}`}`,
      )
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    }
    expect(seen).toHaveLength(7)
    expect(new Set(seen).size).toBe(7)
  })

  it('filters by a range of time that includes its first moment and excludes its last', async () => {
    await plant('test.time', 3, NOON_MS)
    const [from, to] = [1000, 2000].map((after) => new Date(NOON_MS + after).toISOString())
    const { items } = await list(`?type=test.time&from=${from}&to=${to}`)
    expect(items.map(({ at }) => at)).toEqual([from])
  })

  it.each(['cursor=1', 'cursor=x.y', 'limit=0', 'limit=101', 'from=yesterday'])('refuses ?%s', async (query) => {
    await expectRefusal(await get(`/audit-events?${query}`, bearer(admin.tokens.accessToken)), 400, 'invalid_request')
  })
})
