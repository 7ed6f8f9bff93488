import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { toDay } from '../../../src/domain/day.ts'
import { ADMIN, addressOf, CAREFUL, CROWD, fixedId, NEWCOMER, OWNER, type Person } from './people.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const STATISTICS_DAYS = 30

type Row = Readonly<Record<string, SQLInputValue>>

/**
 * Fills the database of a running service with a life of its own: people, devices, roles, a trail of events, statistics
 * and webhooks. Everything is as long ago as in every other run.
 */
export function seed(database: DatabaseSync, nowMs: number): void {
  const insert = (table: string, row: Row) =>
    database
      .prepare(`insert into ${table} (${Object.keys(row)}) values (${Object.keys(row).fill('?')})`)
      .run(...Object.values(row))
  const idOf = (email: string) =>
    String(database.prepare('select id from users where email = ?').get(email)?.id ?? `nobody has ${email}`)

  const ages = [
    [ADMIN, 120],
    [CAREFUL, 45],
    [NEWCOMER, 0],
  ] as const
  for (const [{ email }, days] of ages)
    database.prepare('update users set created_at = ? where email = ?').run(nowMs - days * DAY_MS - HOUR_MS, email)
  seedRoles(insert)
  for (const [index, person] of CROWD.entries()) seedPerson(insert, person, { id: fixedId(index + 1), nowMs })
  seedOwner(database, insert, { owner: idOf(OWNER.email), nowMs })
  // What asks for a recent login asks her first.
  database
    .prepare(
      `update sessions set authenticated_at = authenticated_at - ?1,
        strong_authenticated_at = strong_authenticated_at - ?1 where user_id = ?2`,
    )
    .run(HOUR_MS, idOf(CAREFUL.email))
  seedEvents(database, insert, { owner: idOf(OWNER.email), admin: idOf(ADMIN.email), nowMs })
  seedStatistics(database, insert, nowMs)
  seedWebhooks(insert, nowMs)
}

type Insert = (table: string, row: Row) => unknown

function seedRoles(insert: Insert): void {
  const roles = {
    support: ['Helps people who cannot sign in.', ['users:read', 'users:write', 'audit:read']],
    auditor: ['Reads what happened, and changes nothing.', ['audit:read', 'stats:read', 'users:read', 'roles:read']],
  } as const
  for (const [name, [description, permissions]] of Object.entries(roles)) {
    insert('roles', { name, description, built_in: 0, mfa_required: name === 'support' ? 1 : 0 })
    for (const permission of permissions) insert('role_permissions', { role: name, permission })
  }
}

function seedPerson(insert: Insert, person: Person, { id, nowMs }: { id: string; nowMs: number }): void {
  const { name, madeDaysAgo, seenDaysAgo, roles = [], passkeys = 0 } = person
  const createdAt = nowMs - madeDaysAgo * DAY_MS - 3 * HOUR_MS
  insert('users', {
    id,
    email: addressOf(name),
    email_verified_at: person.isUnconfirmed ? null : createdAt,
    username: name.split(' ')[0]?.toLowerCase() ?? '',
    name,
    name_folded: name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase(),
    status: person.isDeactivated ? 'deactivated' : 'active',
    created_at: createdAt,
    last_seen_at: seenDaysAgo === null ? null : nowMs - seenDaysAgo * DAY_MS - HOUR_MS,
  })
  for (const role of ['user', ...roles]) insert('user_roles', { user_id: id, role })
  if (person.hasApp)
    insert('totp_secrets', {
      user_id: id,
      seals: '{}',
      sealed_for: 'v1',
      created_at: createdAt,
      activated_at: createdAt,
    })
  for (let nth = 0; nth < passkeys; nth++) insert('passkeys', passkeyRow(`${id}-${nth}`, id, createdAt))
}

const passkeyRow = (id: string, userId: string, createdAt: number): Row => ({
  id,
  user_id: userId,
  credential_id: id,
  public_key: 'AA',
  counter: 0,
  transports: '["internal","hybrid"]',
  aaguid: '08987058-cadc-4b81-b6e1-30de50dcbe96',
  name: 'Windows Hello',
  is_backup_eligible: 0,
  is_backed_up: 0,
  opens_alone: 1,
  created_at: createdAt,
  last_used_at: createdAt + 2 * DAY_MS,
})

/** Gives the owner of the account page a username, passkeys, and sessions on other devices. */
function seedOwner(database: DatabaseSync, insert: Insert, { owner, nowMs }: { owner: string; nowMs: number }): void {
  database
    .prepare("update users set username = 'ada', created_at = ?, last_seen_at = ? where id = ?")
    .run(nowMs - 90 * DAY_MS, nowMs - 2 * MINUTE_MS, owner)
  database
    .prepare('update sessions set created_at = ?, last_seen_at = ?, country = ?, city = ? where user_id = ?')
    .run(nowMs - 6 * DAY_MS, nowMs - 2 * MINUTE_MS, 'DE', 'Berlin', owner)
  insert('passkeys', passkeyRow(fixedId(501), owner, nowMs - 80 * DAY_MS))
  const phone = { ...passkeyRow(fixedId(502), owner, nowMs - 12 * DAY_MS), name: 'iPhone' }
  insert('passkeys', {
    ...phone,
    aaguid: 'fbfc3007-154e-4ecc-8c0b-6e020557d7bd',
    is_backup_eligible: 1,
    is_backed_up: 1,
  })
  const devices = [
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 Version/26.1 Mobile/15E148 Safari/604.1',
      'DE',
      'Berlin',
      3,
    ],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:148.0) Gecko/20100101 Firefox/148.0', 'GB', 'London', 50],
  ] as const
  for (const [nth, [userAgent, country, city, hoursAgo]] of devices.entries()) {
    insert('sessions', {
      id: fixedId(600 + nth),
      user_id: owner,
      methods: '["pwd"]',
      authenticated_at: nowMs - 20 * DAY_MS,
      created_at: nowMs - 20 * DAY_MS,
      last_seen_at: nowMs - hoursAgo * HOUR_MS,
      expires_at: nowMs + 10 * DAY_MS,
      user_agent: userAgent,
      country,
      city,
    })
  }
}

interface People {
  owner: string
  admin: string
  nowMs: number
}

/** Replaces the trail of how the pictures were prepared by one of an ordinary day. */
function seedEvents(database: DatabaseSync, insert: Insert, { owner, admin, nowMs }: People): void {
  database.exec('delete from audit_events')
  const [radia, edsger, barbara, dennis, frances, alan] = [1, 2, 3, 4, 5, 6].map(fixedId)
  const failed = { outboxId: fixedId(700), kind: 'verify_email', attempts: 12, reason: 'the server refused (550)' }
  const events: readonly (readonly [string, string | undefined, string | undefined, string, object])[] = [
    ['login.succeeded', owner, owner, 'DE', { methods: ['pwd'], sessionId: fixedId(600) }],
    ['user.registered', radia, radia, 'US', {}],
    ['email.verified', radia, radia, 'US', {}],
    ['factor.added', radia, radia, 'US', { method: 'passkey', passkeyId: fixedId(801) }],
    ['login.failed', undefined, alan, 'NL', { reason: 'invalid_credentials' }],
    ['login.throttled', undefined, alan, 'NL', { retryAfterSeconds: 240 }],
    ['user.updated', admin, alan, 'GB', { changed: ['status'], status: 'deactivated' }],
    ['roles.assigned', admin, barbara, 'GB', { roles: ['user', 'support'], before: ['user'] }],
    ['login.succeeded', barbara, barbara, 'US', { methods: ['pwd', 'otp', 'mfa'], sessionId: fixedId(601) }],
    ['password.changed', dennis, dennis, 'US', {}],
    ['session.ended', dennis, dennis, 'US', { allBut: fixedId(602) }],
    ['mail.failed', undefined, edsger, '', failed],
    ['step_up.succeeded', frances, frances, 'US', { methods: ['swk', 'user'], sessionId: fixedId(603) }],
    ['role.created', admin, undefined, 'GB', { name: 'auditor', description: '', permissions: [], mfaRequired: false }],
    ['passkey.renamed', owner, owner, 'DE', { passkeyId: fixedId(502) }],
    ['mail.failed', undefined, alan, '', { ...failed, outboxId: fixedId(701), kind: 'password_changed', attempts: 9 }],
    ['mail.failed', undefined, dennis, '', { ...failed, outboxId: fixedId(702), kind: 'new_device', attempts: 10 }],
  ]
  for (const [nth, [type, actorId = null, userId = null, country, details]] of [...events.entries()].reverse())
    insert('audit_events', {
      id: fixedId(1000 + nth),
      type,
      at: nowMs - (nth * 23 + 4) * MINUTE_MS,
      actor_id: actorId,
      user_id: userId,
      ip: country === '' ? null : '192.0.2.7',
      country: country || null,
      user_agent: country === '' ? null : 'Mozilla/5.0',
      details: JSON.stringify(details),
    })
}

/** Numbers that go up and down by the days of a week, and grow. */
function seedStatistics(database: DatabaseSync, insert: Insert, nowMs: number): void {
  database.exec('delete from daily_counts; delete from totals; delete from active_users')
  const kinds = {
    'user.registered': 14,
    'login.succeeded': 310,
    'login.succeeded password': 170,
    'login.succeeded passkey': 96,
    'login.succeeded provider': 44,
    'login.failed': 21,
    'login.throttled': 2,
    'users.active': 240,
    'factor.added': 9,
    'factor.removed': 2,
    'mail.failed': 1,
  }
  for (let daysAgo = 0; daysAgo < STATISTICS_DAYS; daysAgo++) {
    const wave = 1 + 0.28 * Math.sin(daysAgo * 0.9) + 0.012 * (STATISTICS_DAYS - daysAgo)
    for (const [nth, [kind, usual]] of Object.entries(kinds).entries()) {
      const count = Math.round(usual * wave * (1 + 0.2 * Math.sin(daysAgo * 2.3 + nth)))
      insert('daily_counts', { day: toDay(nowMs - daysAgo * DAY_MS), kind, count })
    }
  }
  const totals = {
    users: 18_412,
    verified: 17_903,
    deactivated: 61,
    withFactor: 7_240,
    withTotp: 3_105,
    withPasskey: 5_388,
  }
  for (const [kind, count] of Object.entries(totals)) insert('totals', { kind, count })
}

function seedWebhooks(insert: Insert, nowMs: number): void {
  const hooks = [
    ['https://crm.example.com/hooks/postern', ['user.registered', 'user.updated', 'user.deleted'], 'active'],
    ['https://siem.example.com/ingest', ['login.failed', 'login.throttled', 'session.refresh_reused'], 'active'],
    ['https://old.example.com/events', ['user.registered'], 'disabled'],
  ] as const
  for (const [nth, [url, events, status]] of hooks.entries())
    insert('webhooks', {
      id: fixedId(300 + nth),
      url,
      events: JSON.stringify(events),
      status,
      created_at: nowMs - (60 - nth * 9) * DAY_MS,
    })
  const states = ['delivered', 'delivered', 'pending', 'delivered', 'failed', 'delivered'] as const
  for (const [nth, state] of states.entries())
    insert('webhook_deliveries', {
      id: fixedId(400 + nth),
      webhook_id: fixedId(300),
      type: nth % 2 === 0 ? 'user.registered' : 'user.updated',
      payload: '{}',
      created_at: nowMs - (nth * 47 + 5) * MINUTE_MS,
      attempts: state === 'failed' ? 9 : state === 'pending' ? 2 : 1,
      // Nothing is sent while the pictures are taken.
      next_attempt_at: nowMs + DAY_MS,
      state,
      last_error: state === 'delivered' ? null : 'the endpoint answered 503',
    })
}
