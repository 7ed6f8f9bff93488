import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import PostalMime, { type Email } from 'postal-mime'
import { type Service, startService } from './service.ts'

export const PASSWORD = 'four unrelated words here'

/** Starts the whole service with a mail transport, and with a Worker that reads its dead-letter queue. */
export async function startMailService(variables: Record<string, string>): Promise<Service> {
  const given = { RATE_LIMITS: 'off', MAIL_FROM: 'Postern <no-reply@example.com>', ...variables }
  return await startService(
    ...['-c', 'test/e2e/support/dead-letters/wrangler.toml'],
    ...Object.entries(given).flatMap(([name, value]) => ['--var', `${name}:${value}`]),
  )
}

export async function post(
  service: Service,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Response> {
  return await fetch(service.origin + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** Registers a new address for one test. The first part of the address tells the mail server what to do. */
export async function register(service: Service, name: string, headers: Record<string, string> = {}): Promise<string> {
  const email = `${name}-${crypto.randomUUID().slice(0, 8)}@example.org`
  const response = await post(service, '/auth/register', { email, password: PASSWORD }, headers)
  if (response.status !== 202) throw new Error(`register: ${response.status} ${await response.text()}`)
  return email
}

/** Waits until `find` finds something, and answers it. */
export async function eventually<Found>(find: () => Found | undefined, seconds = 45): Promise<Found> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(100)) {
    const found = find()
    if (found !== undefined) return found
  }
  throw new Error('it did not happen in time')
}

/** Opens the service's own database, also while the service runs. */
export function withDatabase<Result>(
  { state }: Pick<Service, 'state'>,
  readOnly: boolean,
  use: (database: DatabaseSync) => Result,
): Result {
  const folder = join(state, 'v3/d1/miniflare-D1DatabaseObject')
  const file = readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))
  if (file === undefined) throw new Error('no database')
  const database = new DatabaseSync(join(folder, file), { readOnly, timeout: 5_000 })
  try {
    return use(database)
  } finally {
    database.close()
  }
}

/** Reads rows of the service's own database while the service runs. */
export function query(service: Service, sql: string, ...values: string[]): Record<string, unknown>[] {
  return withDatabase(service, true, (database) => database.prepare(sql).all(...values))
}

/** Changes rows of the service's own database while the service runs. */
export function change(service: Service, sql: string, ...values: string[]): void {
  withDatabase(service, false, (database) => database.prepare(sql).run(...values))
}

/** Ends the pause after a failed delivery, and runs the cron that looks for overdue mails. */
export async function skipRetryPause(service: Service, email: string): Promise<void> {
  const waiting = "recipient = ? and state = 'pending' and last_error is not null"
  await eventually(() => query(service, `select id from outbox where ${waiting}`, email)[0])
  withDatabase(service, false, (database) =>
    database.prepare(`update outbox set next_attempt_at = 0 where ${waiting}`).run(email),
  )
  const response = await fetch(`${service.origin}/cdn-cgi/local/scheduled?cron=*+*+*+*+*`)
  if (!response.ok) throw new Error(`scheduled: ${response.status} ${await response.text()}`)
}

/** Answers what the dead-letter queue held. */
export function deadLetters(service: Service): Record<string, unknown>[] {
  return [...service.output().matchAll(/DEAD LETTER (\{.*\})/g)].map(([, json]) => JSON.parse(json ?? ''))
}

/** Answers the lines that the Worker itself logged. */
export function logLines(service: Service): string[] {
  return service
    .output()
    .split('\n')
    .filter((line) => line.includes('{"level"'))
}

export interface ReadMail extends Email {
  link: string
  code: string
}

/** Reads a received message as a mail program does. */
export async function readMail(raw: Buffer): Promise<ReadMail> {
  const message = await PostalMime.parse(raw)
  const link = /^https?:\S+$/m.exec(message.text ?? '')?.[0] ?? ''
  const code = /^\d{8}\r?$/m.exec(message.text ?? '')?.[0]?.trim() ?? ''
  return { ...message, link, code }
}
