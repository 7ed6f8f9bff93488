import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { URL } from 'node:url'
import { CONCURRENCY } from '../lib/load.ts'
import { runService } from '../services/running.ts'
import type { Service } from '../services/service.ts'

/** What one request asks of the platform, on average. */
export interface Counts {
  d1Trips: number
  rowsRead: number
  rowsWritten: number
  kvReads: number
  kvWrites: number
  objectCalls: number
  messages: number
}

/** So long is the work that goes on after an answer waited for. */
const SETTLE_MS = 500

/**
 * Counts the calls of each operation of a service. Everybody does everything twice, and the lower count is taken: what
 * a service does once a minute or once an isolate belongs to no request.
 */
export async function countCalls<Person>(service: Service<Person>): Promise<Map<string, Counts>> {
  const entry = await readFile(new URL('../peers/counting-entry.js', import.meta.url), 'utf8')
  const running = await runService(service, { members: CONCURRENCY, entry })
  const take = async () => {
    await sleep(SETTLE_MS)
    return JSON.parse((await running.client.send(200, { path: '/counts' })).text) as Counts
  }
  const countOnce = async (operation: string) => {
    await take()
    await running.doOnce(operation)
    return await take()
  }
  try {
    const first = new Map<string, Counts>()
    for (const operation of Object.keys(service.operations)) first.set(operation, await countOnce(operation))
    const counted = new Map<string, Counts>()
    for (const [operation, before] of first) counted.set(operation, lowerOf(before, await countOnce(operation)))
    return counted
  } finally {
    await running.stop()
  }
}

function lowerOf(some: Counts, others: Counts): Counts {
  const columns = Object.keys(some) as (keyof Counts)[]
  const lower = columns.map((column) => [column, Math.min(some[column], others[column]) / CONCURRENCY])
  return Object.fromEntries(lower) as Counts
}
