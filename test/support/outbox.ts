import { env } from 'cloudflare:workers'
import type { OutgoingMail } from '../../src/mail/message.ts'
import { composePlatform } from '../../src/platform/compose.ts'
import type { DeadMail } from '../../src/platform/mail-queue.ts'
import type { Platform } from '../../src/platform/platform.ts'
import { SYSTEM } from '../../src/platform/requester.ts'
import { type Row, rows } from './database.ts'
import { queryOne } from './stored-state.ts'

/** Builds the platform of a job as the Worker builds it. */
export const jobPlatform = (bindings: Env = env as Env): Platform =>
  composePlatform(bindings, SYSTEM, { waitUntil: () => {} })

/** Builds a platform whose mail server belongs to the test, and whose clock stands still until the test moves it. */
export function deliveryBench(bindings?: Env) {
  const bench = {
    now: Date.now(),
    /** This value replaces a random number from 0 to 1. It is 0 unless a test sets it. */
    random: 0,
    /** The mail server was handed these mails, whether it accepted them or not. */
    sent: [] as OutgoingMail[],
    announced: [] as { ids: readonly string[]; delaySeconds: number }[],
    dead: [] as DeadMail[],
    /** Sets how the mail server answers. */
    answer: (_mail: OutgoingMail): Promise<void> | void => {},
  }
  const platform: Platform = {
    ...jobPlatform(bindings),
    now: () => bench.now,
    random: () => bench.random,
    sendMail: async (mail) => {
      bench.sent.push(mail)
      await bench.answer(mail)
    },
    announceMails: async (ids, delaySeconds = 0) => {
      bench.announced.push({ ids, delaySeconds })
    },
    reportDeadMail: async (mail) => {
      bench.dead.push(mail)
    },
  }
  return Object.assign(bench, { platform })
}

let lastMail = 0

/** Puts a notice into the outbox without a message to the queue. */
export async function putMail(mail: Partial<Record<string, string | number | null>> = {}): Promise<string> {
  lastMail += 1
  const at = Date.now() - 5_000
  const recipient = `reader${lastMail}@example.com`
  const row = {
    id: `mail-${String(lastMail).padStart(5, '0')}`,
    kind: 'account_deleted',
    recipient,
    mailbox: recipient,
    priority: 1,
    user_id: `user-${lastMail}`,
    locale: 'en',
    details: '{}',
    created_at: at,
    next_attempt_at: at,
    ...mail,
  }
  const columns = Object.keys(row)
  const holes = columns.map(() => '?').join(', ')
  await rows(`insert into outbox (${columns.join(', ')}) values (${holes})`, ...Object.values(row))
  return row.id
}

export const outboxRow = (id: string): Promise<Row> => queryOne('select * from outbox where id = ?', id)
