import { env } from 'cloudflare:workers'
import { composePlatform } from '../../src/platform/compose.ts'
import { SYSTEM } from '../../src/platform/requester.ts'
import { AUDIT_FOLLOWERS } from '../../src/services/audit/followers.ts'
import { followAuditTrail } from '../../src/services/audit/sealing.ts'
import { NOON_MS } from './clock.ts'
import { rows } from './database.ts'

/** Gives the platform of a job, with other variables where some are given. */
export const jobPlatform = (variables: object = {}) =>
  composePlatform({ ...env, ...variables } as Env, SYSTEM, { waitUntil: () => undefined })

/** Runs the job that seals the trail. */
export const sealTrail = (variables: object = {}, followers = AUDIT_FOLLOWERS) =>
  followAuditTrail(jobPlatform(variables), followers)

/** Adds events by one statement. */
export const plantEvents = (count: number, at = NOON_MS, userId = 'planted') =>
  rows(
    `insert into audit_events (id, type, at, actor_id, user_id, ip, details)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1)
      select printf('%08x-0000-7000-8000-', i) || lower(hex(randomblob(6))), 'user.expired', ?2, ?3, ?3, '192.0.2.1', '{}' from n`,
    count,
    at,
    userId,
  )

export const readSeals = () => rows('select * from audit_seals order by number')

/** Removes every event and every seal, as if the service were new. */
export const emptyTrail = () =>
  env.DB.batch(
    ['audit_events', 'audit_seals', "sqlite_sequence where name = 'audit_events'"].map((from) =>
      env.DB.prepare(`delete from ${from}`),
    ),
  )
