import { beforeAll, describe, expect, it } from 'vitest'
import { Activity } from '../../../src/contracts/account-activity.ts'
import { listOf } from '../../../src/contracts/lists.ts'
import { ACTIVITY_TYPES, activityDetailsOf } from '../../../src/domain/account-activity.ts'
import { AUDIT_EVENTS, type AuditType } from '../../../src/domain/audit-events.ts'
import { administrator, signedIn } from '../../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { sealTrail } from '../../support/audit-trail.ts'
import { bearer, get, logIn, PASSWORD, post } from '../../support/client.ts'
import { rows } from '../../support/database.ts'
import { ask, SERVICE } from '../../support/services.ts'

type Person = Awaited<ReturnType<typeof signedIn>>

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0'
const ADDRESS = '203.0.113.77'

const read = async ({ tokens }: Pick<Person, 'tokens'>, query = '') =>
  await answerOf(await get(`/auth/me/activity${query}`, bearer(tokens.accessToken)), listOf(Activity))

/** Adds an event as the service stores one. */
const plant = (event: { type: string; userId: string | null; actorId: string | null; at?: number; details?: object }) =>
  rows(
    `insert into audit_events (id, type, at, user_id, actor_id, ip, country, user_agent, details)
      values (?, ?, ?, ?, ?, ?, 'NL', ?, ?)`,
    crypto.randomUUID(),
    event.type,
    event.at ?? Date.now(),
    event.userId,
    event.actorId,
    ADDRESS,
    FIREFOX,
    JSON.stringify(event.details ?? {}),
  )

describe('GET /auth/me/activity', () => {
  let person: Person
  beforeAll(async () => {
    person = await signedIn()
  })

  it('answers what happened to the account, the newest first, and what is about the session that asks', async () => {
    await post('/auth/login', { identifier: person.email, password: 'wrong' }, { 'User-Agent': FIREFOX })
    const other = await logIn(person.email, PASSWORD, { 'User-Agent': FIREFOX })
    const { items } = await read(person)
    expect(items).toMatchObject([
      { type: 'login.succeeded', by: 'owner', current: false, details: { sessionId: other.session.id } },
      { type: 'login.failed', by: null, current: false, device: { name: 'Firefox on Linux', userAgent: FIREFOX } },
      { type: 'login.succeeded', by: 'owner', current: true, details: { methods: ['pwd'] } },
      { type: 'email.verified', by: 'owner' },
      { type: 'user.registered', by: null },
    ])
    expect((await read(other)).items.map(({ current }) => current)).toEqual([true, false, false, false, false])
  })

  it('has an event at once, before the trail is sealed and counted', async () => {
    await sealTrail()
    await post('/auth/login', { identifier: person.email, password: 'wrong' })
    const [event] = await rows('select id, sequence from audit_events order by sequence desc limit 1')
    const [seal] = await rows('select max(last_sequence) as last from audit_seals')
    expect(Number(event?.sequence)).toBeGreaterThan(Number(seal?.last))
    expect((await read(person)).items[0]).toMatchObject({ id: event?.id, type: 'login.failed' })
  })

  it('tells of no attempt more than of any other: neither why it was refused nor its address', async () => {
    const victim = await signedIn()
    await plant({
      type: 'login.failed',
      userId: victim.id,
      actorId: null,
      details: { reason: 'invalid_credentials', factor: 'totp' },
    })
    const { items } = await read(victim)
    expect(items[0]).toMatchObject({
      device: { name: 'Firefox on Linux' },
      country: 'NL',
      details: { factor: 'totp' },
    })
    expect(JSON.stringify(items)).not.toContain(ADDRESS)
    expect(JSON.stringify(items)).not.toContain('invalid_credentials')
  })

  it('says of an administrator that it was one, and neither who, nor with what, nor from where', async () => {
    const admin = await administrator()
    const user = await signedIn()
    expect((await admin.send('PATCH', `/users/${user.id}`, { name: 'Ada' })).status).toBe(200)
    await rows(
      'update audit_events set user_agent = ?, country = ?, ip = ? where actor_id = ?',
      FIREFOX,
      'NL',
      ADDRESS,
      admin.id,
    )
    const { items } = await read(user)
    expect(items[0]).toMatchObject({
      type: 'user.updated',
      by: 'administrator',
      device: null,
      country: null,
      details: { changed: ['name'] },
    })
    for (const secret of [admin.id, FIREFOX, ADDRESS]) expect(JSON.stringify(items)).not.toContain(secret)
    const acts = (await read(admin)).items.map(({ type }) => type)
    expect(acts).not.toContain('user.updated')
  })

  it('says of a service that it was one, and not which', async () => {
    const user = await signedIn()
    const lost = await logIn(user.email)
    expect((await ask('/auth/revoke', { token: lost.tokens.refreshToken })).status).toBe(200)
    const { items } = await read(user)
    expect(items[0]).toMatchObject({ type: 'session.ended', by: 'service', details: { sessionId: lost.session.id } })
    expect(JSON.stringify(items)).not.toContain(SERVICE.id)
  })

  it('has of all events those that an owner is shown, with the details that an owner is shown', async () => {
    const user = await signedIn()
    await rows('delete from audit_events where user_id = ?', user.id)
    for (const [type, { details }] of Object.entries(AUDIT_EVENTS)) {
      const all = Object.fromEntries(Object.keys(details.shape).map((name) => [name, `the ${name}`]))
      await plant({ type, userId: user.id, actorId: user.id, details: { ...all, another: 'unknown' } })
    }
    await plant({ type: 'of.another_version', userId: user.id, actorId: user.id })
    const { items } = await read(user, '?limit=100')
    expect(items.map(({ type }) => type).toSorted()).toEqual([...ACTIVITY_TYPES].toSorted())
    const shown = new Set(items.flatMap(({ details }) => Object.keys(details)))
    for (const hidden of ['reason', 'client', 'kind', 'outboxId', 'isRemoved', 'how', 'counter', 'another'])
      expect(shown).not.toContain(hidden)
    expect(shown).toContain('provider')
  })

  it('has nothing of others, also not what the person did to them', async () => {
    const [user, other] = [await signedIn(), await signedIn()]
    await plant({ type: 'user.updated', userId: other.id, actorId: user.id })
    await plant({ type: 'user.updated', userId: null, actorId: user.id })
    const { items } = await read(user)
    expect(items.map(({ type }) => type)).not.toContain('user.updated')
    expect((await read(other)).items[0]).toMatchObject({ type: 'user.updated', by: 'administrator' })
  })

  it('pages through what happened within one millisecond, and passes over what is not shown', async () => {
    const user = await signedIn()
    const at = Date.now() + 1000
    for (const type of ['password.changed', 'authorization.refused', 'email.changed', 'user.note_changed'])
      for (let times = 0; times < 2; times += 1) await plant({ type, userId: user.id, actorId: user.id, at })
    const seen: Activity[] = []
    let query = '?limit=3'
    for (;;) {
      const { items, nextCursor } = await read(user, query)
      seen.push(...items)
      if (nextCursor === null) break
      expect(items).toHaveLength(3)
      query = `?limit=3&cursor=${nextCursor}`
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
    expect(seen.map(({ type }) => type).toSorted()).toEqual([
      ...['email.changed', 'email.changed', 'email.verified', 'login.succeeded'],
      ...['password.changed', 'password.changed', 'user.registered'],
    ])
    await expectRefusal(
      await get('/auth/me/activity?cursor=made-up', bearer(user.tokens.accessToken)),
      400,
      'invalid_request',
    )
  })

  it('is refused without a session, and with one that has ended', async () => {
    await expectRefusal(await get('/auth/me/activity'), 401, 'unauthenticated')
    const { tokens } = await signedIn()
    await expectNoContent(await post('/auth/logout', {}, bearer(tokens.accessToken)))
    await expectRefusal(await get('/auth/me/activity', bearer(tokens.accessToken)), 401, 'unauthenticated')
  })
})

describe('the events that an owner is shown', () => {
  it('are decided on for every type, and named by the details that events have', () => {
    const decided = Object.entries(AUDIT_EVENTS).map(([type, { details }]) => {
      const shown = activityDetailsOf(type as AuditType)
      return [type, shown === null || shown.every((name) => name in details.shape)]
    })
    expect(decided.filter(([, isKnown]) => isKnown !== true)).toEqual([])
  })
})
