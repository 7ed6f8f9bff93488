import { fileURLToPath } from 'node:url'
import type { TestHarness } from 'wrangler'
import { findPreparedService } from './prepared-service.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const AUTH = 'postern-development'
export const ISSUER = 'http://localhost:8787'
export const AUTH_SECRET = 'v1:HQWzyL0VccnbhT4KDbHYGI9WdTq-SoCGQjly6z61HWw'
export const PASSWORD = 'four unrelated words here'

export interface Tokens {
  accessToken: string
  refreshToken: string
}

export interface SignedIn {
  id: string
  email: string
  sessionId: string
  tokens: Tokens
}

/** Tests look into these bindings of the service. */
interface Bindings {
  DB: { prepare(sql: string): { bind(...values: unknown[]): { all(): Promise<{ results: Row[] }> } } }
}
type Row = Record<string, string | number | null>

/** These are the service and the Workers that are bound to it. They run in one workerd with storage of their own. */
export interface Workers {
  url: URL
  /** Posts to the service. */
  post(path: string, body?: object, headers?: Record<string, string>): Promise<Response>
  /** Sends a request to another Worker by its name. */
  ask(
    worker: string,
    path: string,
    init?: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<Response>
  sql(query: string, ...values: unknown[]): Promise<Row[]>
  signedIn(): Promise<SignedIn>
  /** Loads the code anew, as a deployment does: the memory is lost, and the storage stays. */
  redeploy(): Promise<void>
  logs(): string
  close(): Promise<void>
}

export async function startWorkers(...otherConfigs: string[]): Promise<Workers> {
  const { createTestHarness } = await import('wrangler')
  const prepared = findPreparedService()
  const harness: TestHarness = createTestHarness({
    root: ROOT,
    workers: [
      {
        configPath: 'wrangler.toml',
        env: 'development',
        ...(prepared === null ? {} : { prebuiltWorkerDir: prepared.worker }),
        vars: { ISSUER, RATE_LIMITS: 'off' },
        secrets: { AUTH_SECRET },
      },
      ...otherConfigs.map((configPath) => ({ configPath })),
    ],
  })
  const { url } = await harness.listen()
  const auth = harness.getWorker(AUTH)
  await auth.applyD1Migrations('DB')
  const bindings = async () => (await auth.getEnv()) as Bindings

  const post: Workers['post'] = async (path, body, headers = {}) => {
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }
    return (await auth.fetch(path, init)) as unknown as Response
  }
  const sql: Workers['sql'] = async (query, ...values) =>
    (
      await (
        await bindings()
      ).DB.prepare(query)
        .bind(...values)
        .all()
    ).results

  return {
    url,
    post,
    sql,
    ask: async (worker, path, init = {}) => (await harness.getWorker(worker).fetch(path, init)) as unknown as Response,
    async signedIn() {
      const email = `${crypto.randomUUID()}@example.com`
      await post('/auth/register', { email, password: PASSWORD })
      await sql('update users set email_verified_at = 1 where email = ?', email)
      const response = await post('/auth/login', { identifier: email, password: PASSWORD })
      if (response.status !== 200) throw new Error(`login: ${response.status} ${await response.text()}`)
      const { user, session, tokens } = (await response.json()) as {
        user: { id: string }
        session: { id: string }
        tokens: Tokens
      }
      return { id: user.id, email, sessionId: session.id, tokens }
    },
    redeploy: async () => await harness.update((options) => options),
    logs: () => JSON.stringify(harness.getLogs()),
    close: async () => await harness.close(),
  }
}
