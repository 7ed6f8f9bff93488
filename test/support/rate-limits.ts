import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { callWorker } from './call-worker.ts'
import { createProductionKv } from './production-kv.ts'

export const passToNextMinute = () => vi.setSystemTime(Math.floor(Date.now() / 60_000 + 1) * 60_000)

/** Builds a Worker with a memory and counters of its own, so that tests do not count each other's requests. */
export function freshWorker(overrides: Record<string, unknown> = {}) {
  const kv = createProductionKv()
  const workerEnv = { ...env, COUNTERS: kv.at('FRA'), ...overrides } as Env
  return {
    kv,
    ask: (
      method: string,
      path: string,
      address: string | null,
      init: { body?: unknown; headers?: object; origin?: string } = {},
    ) =>
      callWorker(workerEnv, method, path, {
        ...init,
        headers: { ...init.headers, ...(address === null ? {} : { 'CF-Connecting-IP': address }) },
      }),
  }
}
export async function statusesOf(count: number, ask: () => Promise<Response>): Promise<number[]> {
  const statuses: number[] = []
  for (let sent = 0; sent < count; sent += 1) statuses.push((await ask()).status)
  return statuses
}

/** Reads the members of a header field that is a list. */
export const membersOf = (response: Response, field: string) => (response.headers.get(field) ?? '').split(/\s*,\s*/)
