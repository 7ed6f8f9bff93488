import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { AUDIT_EXPORT_MAX_EVENTS, AUDIT_EXPORT_PAGE_EVENTS } from '../../../src/config.ts'
import { AuditEvent } from '../../../src/contracts/audit.ts'
import { listOf } from '../../../src/contracts/lists.ts'
import { signedIn } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { emptyTrail, plantEvents } from '../../support/audit-trail.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, send } from '../../support/client.ts'
import { NOON_MS } from '../../support/clock.ts'
import { countRows, rows } from '../../support/database.ts'
import { interceptEnv } from '../../support/intercept-env.ts'

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

  it('filters by who acted, whomever it concerns', async () => {
    await get(`/users/${user.id}`, bearer(admin.tokens.accessToken))
    await send('PATCH', `/users/${user.id}`, {
      headers: bearer(admin.tokens.accessToken),
      body: { name: 'Ada Lovelace' },
    })
    const { items } = await list(`?actorId=${admin.id}&userId=${user.id}`)
    expect(items).toMatchObject([{ type: 'user.updated', actorId: admin.id, userId: user.id }])
    expect((await list(`?actorId=${admin.id}`)).items.map(({ actorId }) => actorId)).toContain(admin.id)
    expect((await list(`?actorId=${user.id}&type=user.updated`)).items).toEqual([])
  })

  it('says which fields an administrator changed, and not to what (ASVS 16.2.5)', async () => {
    const { items } = await list(`?userId=${user.id}&type=user.updated`)
    expect(items[0]?.details).toEqual({ changed: ['name'] })
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

describe('GET /audit-events as application/x-ndjson', () => {
  const exported = async (query: string, bindings: object = env) => {
    const headers = { ...bearer(admin.tokens.accessToken), Accept: 'application/x-ndjson' }
    const answer = await callWorker(bindings as Env, 'GET', `/audit-events${query}`, { headers })
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson')
    return answer
  }
  const linesOf = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)

  beforeAll(async () => {
    await emptyTrail()
    await plantEvents(2 * AUDIT_EXPORT_PAGE_EVENTS + 5)
  })

  it('gives every event that matches as a line, page by page, and ends with a line that says so', async () => {
    const lines = linesOf(await (await exported('?type=user.expired&limit=1')).text())
    expect(lines).toHaveLength(2 * AUDIT_EXPORT_PAGE_EVENTS + 6)
    expect(lines.at(-1)).toEqual({ nextCursor: null })
    expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length)
    expect(AuditEvent.safeParse(lines[0]).success).toBe(true)
    expect(linesOf(await (await exported('?userId=nobody')).text())).toEqual([{ nextCursor: null }])
  })

  it('goes on by the cursor of its last line where one answer has too many, and takes the cursor of a page', async () => {
    await plantEvents(AUDIT_EXPORT_MAX_EVENTS)
    const first = linesOf(await (await exported('')).text())
    expect(first).toHaveLength(AUDIT_EXPORT_MAX_EVENTS + 1)
    const second = linesOf(await (await exported(`?cursor=${first.at(-1)?.nextCursor}`)).text())
    const ids = [...first, ...second].flatMap(({ id }) => (id === undefined ? [] : [id]))
    expect(new Set(ids).size).toBe(await countRows('audit_events', 'true'))
    expect(second.at(-1)).toEqual({ nextCursor: null })
  })

  it('reads no further than the client does, and breaks off when the caller may no longer read', async () => {
    let statements = 0
    const bindings = interceptEnv(env as unknown as Env, (call, proceed) => {
      statements += call.sql.filter((sql) => sql.includes('from "audit_events"')).length
      return proceed()
    })
    const reader = (await exported('', bindings)).body?.getReader()
    await reader?.read()
    expect(statements).toBeLessThanOrEqual(3)
    await rows("delete from user_roles where user_id = ? and role = 'admin'", admin.id)
    await expect(
      (async () => {
        while (!(await reader?.read())?.done);
      })(),
    ).rejects.toThrow()
    await grantAdmin(admin.id)
  })

  it('refuses as a list does', async () => {
    const accept = { Accept: 'application/x-ndjson' }
    await expectRefusal(await get('/audit-events', { ...bearer(user.tokens.accessToken), ...accept }), 403, 'forbidden')
    await expectRefusal(
      await get('/audit-events?cursor=1', { ...bearer(admin.tokens.accessToken), ...accept }),
      400,
      'invalid_request',
    )
  })
})
