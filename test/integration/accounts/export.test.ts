import { getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { AccountExport } from '../../../src/contracts/export.ts'
import * as schema from '../../../src/storage/schema/index.ts'
import { signedIn } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { bearer, get, post } from '../../support/client.ts'
import { auditOf, rows } from '../../support/database.ts'
import { fillRow } from '../../support/personal-rows.ts'

type Person = Awaited<ReturnType<typeof signedIn>>
const read = ({ tokens }: Person) => get('/auth/me/export', bearer(tokens.accessToken))

/** Tables that say nothing about a person. */
const ABOUT_NOBODY = [
  'audit_seals',
  'audit_counts',
  'erasures',
  'daily_counts',
  'totals',
  'roles',
  'role_permissions',
  'hash_parameters',
  'signing_keys',
  'spent_states',
  'webhooks',
  'webhook_secrets',
  'webhook_deliveries',
  'picture_removals',
]

/** What nobody is given: by these the service recognizes somebody, or opens what it has sealed. */
const SECRETS = [
  'users.password_hash',
  'users.name_folded',
  'users.rights_version',
  'identities.sealed_tokens',
  'grants.salt',
  'trusted_devices.credentials_version',
  'totp_secrets.seals',
  'totp_secrets.sealed_for',
  'totp_secrets.last_step',
  'recovery_codes.hash',
  'one_time_tokens.salt',
  'one_time_tokens.former_state',
  'one_time_tokens.client',
  'login_exchanges.salt',
  'login_exchanges.code_challenge',
  'login_exchanges.sealed_link',
  'audit_events.salt',
]

const tables = Object.values(schema).filter((value) => is(value, SQLiteTable))
const personal = tables.filter((table) => !ABOUT_NOBODY.includes(getTableName(table)))

/** Expects that the first row of each part has the columns that the document states, and no other. */
function expectStatedColumns({ data }: { data: Record<string, object[]> }): void {
  const { shape } = AccountExport.shape.data
  const stated = Object.entries(shape).map(([part, { element }]) => [part, Object.keys(element.shape).toSorted()])
  const found = Object.entries(data).map(([part, [row = {}]]) => [part, Object.keys(row).toSorted()])
  const isCounted = ([part]: unknown[]) => part === 'loginFailures'
  expect(Object.fromEntries(found.filter((part) => !isCounted(part)))).toEqual(
    Object.fromEntries(stated.filter((part) => !isCounted(part))),
  )
}

describe('GET /auth/me/export', () => {
  let person: Person
  beforeEach(async () => {
    person = await signedIn()
  })

  it('has every column of every table that is about a person, as the document states it, and no secret', async () => {
    const others = personal.filter((table) => table !== schema.users && table !== schema.sessions)
    const filled = (await Promise.all(others.map((table, nth) => fillRow(table, person, nth)))).flat()
    await rows("update users set name = 'users name', username = 'users.username' where id = ?", person.id)
    const stored = async (table: SQLiteTable, column: string) => {
      const [row] = await rows(`select * from ${getTableName(table)} where ${column} = ?`, person.id)
      return Object.entries(row ?? {}).map(([name, value]) => ({
        column: `${getTableName(table)}.${name}`,
        type: 'any',
        value,
      }))
    }
    const text = await (await read(person)).text()
    expectStatedColumns(JSON.parse(text))
    await rows("delete from audit_events where id = 'audit_events id'")
    const known = [...filled, ...(await stored(schema.users, 'id')), ...(await stored(schema.sessions, 'user_id'))]
    const shows = ({ type, value }: (typeof known)[number]) => {
      if (type === 'boolean' || value === null) return true
      if (type === 'json') return text.includes(String(value))
      const forms =
        typeof value === 'number'
          ? [String(value), ...(value > 1e11 ? [new Date(value).toISOString()] : [])]
          : [String(value)]
      return forms.some((form) => text.includes(form))
    }
    const missing = known.filter((value) => !shows(value)).map(({ column }) => column)
    expect(missing.filter((column) => !SECRETS.includes(column))).toEqual([])
    const secret = known.filter(({ column, value }) => SECRETS.includes(column) && String(value).length > 4)
    expect(secret.filter(shows).map(({ column }) => column)).toEqual([])
  })

  it('is a file in the form that the document states', async () => {
    const response = await read(person)
    expect(response.headers.get('Content-Disposition')).toBe('attachment; filename="account.json"')
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    const { profile, data } = await answerOf(response, AccountExport)
    expect(profile.id).toBe(person.id)
    expect(data.sessions).toMatchObject([{ id: person.session.id }])
    expect(data.events).toContainEqual(expect.objectContaining({ type: 'user.exported' }))
  })

  it('has what the throttle of the account counts, and not by which device', async () => {
    const wrong = { identifier: person.email, password: 'wrong' }
    await post('/auth/login', wrong)
    await post('/auth/login', wrong, { 'X-Device-Token': person.session.deviceToken })
    const { data } = await answerOf(await read(person), AccountExport)
    expect(data.loginFailures.map(({ budget, count }) => [budget, count])).toEqual([
      ['device', 1],
      ['devices', 1],
      ['strangers', 1],
    ])
  })

  it('is given once an hour, also to fifty requests at once, and recorded', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const answers = await Promise.all(Array.from({ length: 50 }, () => read(person)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const refused = answers.find(({ status }) => status !== 200)
    if (refused === undefined) throw new Error('none was refused')
    await expectRefusal(refused, 429, 'rate_limited')
    expect(refused.headers.get('Retry-After')).toBe('3600')
    expect(await auditOf('user.exported', person.id)).toHaveLength(1)
    vi.useRealTimers()
    await rows("update audit_events set at = at - 3600000 where type = 'user.exported' and user_id = ?", person.id)
    expect((await read(person)).status).toBe(200)
  })

  it('is not given to the page of another origin, whose link would use the hour up', async () => {
    const { accessToken } = person.tokens
    for (const site of ['cross-site', 'same-site'])
      await expectRefusal(
        await get('/auth/me/export', { ...bearer(accessToken), 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'navigate' }),
        403,
        'csrf_refused',
      )
    expect((await get('/auth/me/export', { ...bearer(accessToken), 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200)
  })

  it('does not tell from where an administrator acted on the account', async () => {
    await rows(
      `insert into audit_events (id, type, at, actor_id, user_id, ip, country, user_agent, details)
        values ('by-admin', 'user.updated', 1, 'an-admin', ?, '192.0.2.77', 'CH', 'Browser of an admin', '{"changed":["name"]}')`,
      person.id,
    )
    const { data } = await answerOf(await read(person), AccountExport)
    expect(data.events).toContainEqual(
      expect.objectContaining({ id: 'by-admin', ip: null, country: null, userAgent: null }),
    )
  })
})
