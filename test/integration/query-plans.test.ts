import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { composePlatform } from '../../src/platform/compose.ts'
import { SYSTEM } from '../../src/platform/requester.ts'
import { followAuditTrail } from '../../src/services/audit/sealing.ts'
import { verifyAuditTrail } from '../../src/services/audit/verification.ts'
import { cleanUp } from '../../src/services/housekeeping.ts'
import { sweepOutbox } from '../../src/services/mail.ts'
import { signedIn } from '../support/accounts.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer } from '../support/client.ts'
import { rows } from '../support/database.ts'
import { interceptEnv } from '../support/intercept-env.ts'

/** Collects the statements of a piece of work, each of them once. */
async function statementsOf(work: (bindings: Env) => Promise<unknown>): Promise<string[]> {
  const statements = new Set<string>()
  const note = interceptEnv({ ...env, SESSION_IDLE_TIMEOUT_SECONDS: '1200' } as unknown as Env, (call, proceed) => {
    for (const sql of call.sql) statements.add(sql)
    return proceed()
  })
  await work(note)
  return [...statements]
}

/** Asks the database how it finds the rows of a statement, step by step. */
async function planOf(sql: string): Promise<string[]> {
  const holes = Array.from(sql.matchAll(/\?/g), () => null)
  return (await rows(`explain query plan ${sql}`, ...holes)).map(({ detail }) => String(detail))
}

const platformOf = (bindings: Env) => composePlatform(bindings, SYSTEM, { waitUntil: () => undefined })
let admin: Awaited<ReturnType<typeof signedIn>>

beforeAll(async () => {
  admin = await signedIn()
  await rows("insert into user_roles (user_id, role) values (?, 'admin')", admin.id)
})
const isList = (sql: string) => / order by .* limit /s.test(sql) || sql.startsWith('select "sessions"')

/**
 * Finds the steps that read a table from end to end. A list that reads an index in its order ends at its limit, so it
 * does not count, and neither do the accounts that were deleted within a day.
 */
const scansOf = (plan: string[]) => plan.filter((step) => /^SCAN (?!\(|json_each|erasures$)(?!.*USING)/.test(step))

describe('the clean-up', () => {
  let plans: [sql: string, plan: string[]][] = []
  beforeAll(async () => {
    const statements = await statementsOf((bindings) => cleanUp(platformOf(bindings)))
    plans = await Promise.all(statements.map(async (sql) => [sql, await planOf(sql)] as [string, string[]]))
  })
  const planFor = (pattern: RegExp) => plans.find(([sql]) => pattern.test(sql))?.[1].join('\n')

  it('finds by an index what has run out, but for idle sessions, whose index would cost more than the search', () => {
    expect(plans.length).toBeGreaterThanOrEqual(10)
    const scanning = plans.filter(([, plan]) => scansOf(plan).length > 0)
    expect(scanning.map(([sql]) => sql)).toEqual([expect.stringContaining('"sessions"."last_seen_at" <= ?')])
  })

  it('finds unverified accounts by an index of them alone, and by their owner what goes with them', () => {
    const plan = planFor(/delete from "users"/)
    expect(plan).toContain('users_unverified (email_verified_at=? AND imported_at=? AND created_at<?)')
    for (const table of ['user_roles', 'sessions', 'one_time_tokens', 'login_exchanges', 'identities'])
      expect(plan).toMatch(new RegExp(`^SEARCH ${table} USING .*\\(user_id=\\?\\)$`, 'm'))
  })

  it.each([
    [/delete from "sessions" .*"expires_at" <= /s, 'sessions_expiry (expires_at<?)'],
    [/delete from "one_time_tokens"/, 'one_time_tokens_expiry (expires_at<?)'],
    [/delete from "login_exchanges"/, 'login_exchanges_expiry (expires_at<?)'],
    [/delete from "spent_states"/, 'spent_states_expiry (expires_at<?)'],
    [/delete from "outbox"/, 'outbox_due (state=? AND priority=? AND next_attempt_at<?)'],
    [/update "audit_events" .*erasures/s, 'audit_events_actor (actor_id=?)'],
    [/update "audit_events" .*erasures/s, 'audit_events_user (user_id=?)'],
    [/delete from "outbox" .*erasures/s, 'outbox_user (user_id=?)'],
    [/delete from "erasures"/, 'erasures_age (deleted_at<?)'],
    [/delete from "active_users"/, '(day<?)'],
    [/delete from "webhook_secrets"/, 'webhook_secrets_expiry (expires_at<?)'],
    [/update "webhook_deliveries"/, 'webhook_deliveries_state (webhook_id=? AND state=? AND created_at<?)'],
    [/delete from "webhook_deliveries"/, 'webhook_deliveries_webhook (webhook_id=? AND created_at<?)'],
  ])('of %s uses %s', (pattern, index) => {
    expect(planFor(pattern)).toContain(index)
  })
})

describe('the chain of the audit trail', () => {
  it('is sealed, trimmed and verified by the order of its events and seals, without a scan', async () => {
    const later = vi.fn(() => Date.now() + 1000 * 86_400_000)
    const statements = await statementsOf(async (bindings) => {
      const platform = platformOf(bindings)
      // What follows the trail has tests of its own.
      await followAuditTrail(platform, [])
      await followAuditTrail({ ...platform, now: later }, [])
      await verifyAuditTrail(platform, async (statement) => await (statement as never), {
        checkpoint: `9.${'x'.repeat(43)}`,
      })
    })
    expect(statements.filter((sql) => /audit_(events|seals)/.test(sql)).length).toBeGreaterThanOrEqual(10)
    const plans = await Promise.all(statements.map(planOf))
    // Of the other two, one has no table and one has a row for each table that counts its rows.
    const isSmall = (step: string) => ['SCAN CONSTANT ROW', 'SCAN sqlite_sequence'].includes(step)
    expect(plans.flatMap(scansOf).filter((step) => !isSmall(step))).toEqual([])
    expect(plans.flat().filter((step) => step.includes('TEMP B-TREE'))).toEqual([])
  })
})

describe('a list', () => {
  const TIME = '2001-01-31T12:00:00.000Z'
  const CURSOR = `cursor=1.${crypto.randomUUID()}`
  it.each([
    ['/auth/sessions', 'sessions_user (user_id=?)'],
    ['/auth/me/activity', 'audit_events_user (user_id=?)'],
    [`/auth/me/activity?${CURSOR}`, 'audit_events_user (user_id=? AND at<?)'],
    ['/audit-events', 'audit_events_at'],
    [`/audit-events?${CURSOR}`, 'audit_events_at (at<?)'],
    ['/audit-events?userId=x', 'audit_events_user (user_id=?)'],
    [`/audit-events?userId=x&${CURSOR}`, 'audit_events_user (user_id=? AND at<?)'],
    ['/audit-events?type=x', 'audit_events_type (type=?)'],
    ['/audit-events?type=x&userId=x', 'audit_events_user (user_id=?)'],
    ['/audit-events?actorId=x', 'audit_events_actor (actor_id=?)'],
    [`/audit-events?actorId=x&type=x&${CURSOR}`, 'audit_events_actor (actor_id=? AND at<?)'],
    [`/audit-events?actorId=x&userId=x&from=${TIME}`, 'audit_events_user (user_id=? AND at>?)'],
    [`/audit-events?from=${TIME}&to=${TIME}`, 'audit_events_at (at>? AND at<?)'],
    ['/users/x/sessions', 'sessions_user (user_id=?)'],
    ['/webhooks/x/deliveries', 'webhook_deliveries_webhook (webhook_id=?)'],
    [`/webhooks/x/deliveries?${CURSOR}`, 'webhook_deliveries_webhook (webhook_id=? AND (created_at,id)<(?,?))'],
    ['/webhooks/x/deliveries?status=failed', 'webhook_deliveries_state (webhook_id=? AND state=?)'],
    ['/users', 'SCAN users USING INDEX users_created'],
    [`/users?${CURSOR}`, 'SEARCH users USING INDEX users_created ((created_at,id)<(?,?))'],
    ['/users?status=active', 'SCAN users USING INDEX users_created'],
    ['/users?verified=true', 'SCAN users USING INDEX users_created'],
    [`/users?createdFrom=${TIME}`, 'SEARCH users USING INDEX users_created (created_at>?)'],
    [`/users?createdTo=${TIME}`, 'SEARCH users USING INDEX users_created (created_at<?)'],
    [`/users?lastSeenFrom=${TIME}&lastSeenTo=${TIME}`, 'SCAN users USING INDEX users_created'],
    ['/users?role=admin', 'user_roles_role (role=?)'],
    ['/users?provider=github', 'identities_provider (provider=?)'],
    ['/users?status=deactivated', 'users_deactivated'],
    ['/users?verified=false', 'users_unverified'],
    ['/users?factor=totp', 'totp_secrets_active'],
    ['/users?factor=passkey', 'passkeys_user'],
    ['/users?factor=none', 'SCAN users USING INDEX users_created'],
    ['/users?q=ada', 'users_email_unique (email>? AND email<?)'],
    ['/users?q=ada', 'users_username_unique (<expr>>? AND <expr><?)'],
    ['/users?q=ada', 'users_name (name_folded>? AND name_folded<?)'],
    [`/users?q=ada&role=admin&${CURSOR}`, 'users_name (name_folded>? AND name_folded<?)'],
  ])('of GET %s reads %s', async (path, index) => {
    const headers = bearer(admin.tokens.accessToken)
    const statements = await statementsOf((bindings) => callWorker(bindings, 'GET', path, { headers }))
    const plan = await planOf(statements.findLast(isList) ?? '')
    expect(plan.join('\n')).toContain(index)
    expect(scansOf(plan)).toEqual([])
  })

  it('of users counts nothing, and sorts only what a search has found', async () => {
    const headers = bearer(admin.tokens.accessToken)
    const listOf = async (path: string) =>
      (await statementsOf((bindings) => callWorker(bindings, 'GET', path, { headers }))).findLast(isList) ?? ''
    for (const path of ['/users', '/users?q=ada', '/users?factor=none'])
      expect(await listOf(path)).not.toMatch(/count\(\*\) from \W?users/i)
    expect((await planOf(await listOf('/users'))).join('\n')).not.toContain('TEMP B-TREE FOR ORDER BY')
  })

  it('of overdue mails reads those that are due, in their order', async () => {
    const [sql = ''] = await statementsOf((bindings) => sweepOutbox(platformOf(bindings), Date.now()))
    expect((await planOf(sql)).join('\n')).toContain('outbox_due (state=? AND priority=? AND next_attempt_at<?)')
  })
})
