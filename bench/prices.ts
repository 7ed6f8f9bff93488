import type { Counts } from './measure/counts.ts'

/**
 * What Cloudflare asks on the Workers Paid plan beyond what is included, in dollars a million
 * (https://developers.cloudflare.com/workers/platform/pricing/).
 */
export const PRICES_PER_MILLION = {
  request: 0.3,
  cpuMs: 0.02,
  rowRead: 0.001,
  rowWritten: 1,
  kvRead: 0.5,
  kvWrite: 5,
  objectRequest: 0.15,
  /** A message is written, read and deleted, which are three operations. */
  queueOperation: 0.4,
} as const
export const PRICES_READ_ON = 'November 2026'

const QUEUE_OPERATIONS_PER_MESSAGE = 3

/** Answers what a million of such requests cost, in dollars. */
export function priceOfMillion(cpuMs: number, counts: Counts): number {
  const prices = PRICES_PER_MILLION
  return (
    prices.request +
    prices.cpuMs * cpuMs +
    prices.rowRead * counts.rowsRead +
    prices.rowWritten * counts.rowsWritten +
    prices.kvRead * counts.kvReads +
    prices.kvWrite * counts.kvWrites +
    prices.objectRequest * counts.objectCalls +
    prices.queueOperation * QUEUE_OPERATIONS_PER_MESSAGE * counts.messages
  )
}
