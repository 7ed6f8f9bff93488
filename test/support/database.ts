import { env } from 'cloudflare:workers'

export type Row = Record<string, string | number | null>

export async function rows<Found = Row>(sql: string, ...values: unknown[]): Promise<Found[]> {
  const { results } = await env.DB.prepare(sql)
    .bind(...values)
    .all<Found>()
  return results
}

export async function countRows(table: string, where: string, ...values: unknown[]): Promise<number> {
  const [counted] = await rows(`select count(*) as count from ${table} where ${where}`, ...values)
  return Number(counted?.count)
}

/** Reads the audit events of one type about a user, the oldest first, each with its details as an object. */
export async function auditOf(type: string, userId: string) {
  const events = await rows('select * from audit_events where type = ? and user_id = ? order by at, id', type, userId)
  return events.map(({ details, ...event }) => ({ ...event, details: JSON.parse(String(details)) as unknown }))
}

/** A message that came a moment too early is delivered again after whole seconds. */
const TURN_COMES_AGAIN_MS = 2000

/**
 * Waits until every mail that is due, or soon will be, has been tried, so that nothing is on its way when a test file
 * ends.
 */
export async function mailsSettled(): Promise<void> {
  // A mail counts here when it is due or being tried. One that failed waits for its next try far longer than any test.
  const waiting = `state = 'pending'
    and (attempts = 0 and next_attempt_at <= ? or attempts = 1 and last_error is null)`
  for (
    let tries = 0;
    tries < 800 && (await countRows('outbox', waiting, Date.now() + TURN_COMES_AGAIN_MS)) > 0;
    tries += 1
  )
    await new Promise((resolve) => setTimeout(resolve, 25))
}
