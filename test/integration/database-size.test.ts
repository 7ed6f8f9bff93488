import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import operations from '../../docs/operations.md?raw'
import { signedUp } from '../support/accounts.ts'
import { callWorker } from '../support/call-worker.ts'
import { PASSWORD } from '../support/client.ts'
import { rows } from '../support/database.ts'

const COPIES = 4000
const FREE_PLAN_BYTES = 500e6
const PAID_PLAN_BYTES = 10e9
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

/** Copy number `n` of a row differs in these values. The ids grow, as those of the service do (RFC 9562 §5.7). */
const NUMBERED_ID = "printf('%08x-0000-7000-8000-000000000000', n)"
const ID = "printf('%08x-0000-7000-8000-', n) || lower(hex(randomblob(6)))"
const OWN_COLUMNS: Record<string, Record<string, string>> = {
  users: { id: NUMBERED_ID, email: "printf('somebody-%06d@example.com', n)", username: "printf('person%06d', n)" },
  user_roles: { user_id: NUMBERED_ID },
  sessions: { id: NUMBERED_ID, user_id: NUMBERED_ID, created_at: 'created_at + n', expires_at: 'expires_at + n' },
  audit_events: {
    sequence: 'null',
    id: ID,
    salt: 'lower(hex(randomblob(16)))',
    user_id: NUMBERED_ID,
    actor_id: NUMBERED_ID,
    at: 'at + n',
  },
  grants: { id: ID, session_id: NUMBERED_ID },
  outbox: {
    id: ID,
    user_id: NUMBERED_ID,
    recipient: "printf('somebody-%06d@example.com', n)",
    mailbox: "printf('somebody-%06d@example.com', n)",
    created_at: 'created_at + n',
  },
}

async function databaseBytes(): Promise<number> {
  return (await env.DB.prepare('select 1').all()).meta.size_after
}

/** Measures the bytes of a row, with its part of every index, by how much copies of a real row enlarge the database. */
async function bytesOf(table: string, where: string): Promise<number> {
  const names = (await rows(`select name from pragma_table_info('${table}')`)).map(({ name }) => String(name))
  const values = names.map((name) => OWN_COLUMNS[table]?.[name] ?? name)
  const before = await databaseBytes()
  await rows(`insert into ${table} (${names})
    with recursive copies(n) as (select 1 union all select n + 1 from copies where n < ${COPIES})
    select ${values} from (select * from ${table} where ${where} limit 1), copies`)
  return ((await databaseBytes()) - before) / COPIES
}

/**
 * Reads a row from the table of the operations page: its bytes, and how many such rows fill a database of either plan.
 */
function statedOf(kind: string): number[] {
  const [, cells = ''] = operations.match(new RegExp(`^\\| ${kind} \\|(.*)\\|$`, 'm')) ?? []
  return cells.split('|').map((cell) => Number(cell.replaceAll(',', '')))
}

/** A seal has two digests for each of its events, and little besides. */
const DIGESTS_BYTES = 86

let measured: Record<string, number>
beforeAll(async () => {
  const { id, email } = await signedUp({ username: 'person000000', name: 'Ada Lovelace' })
  await callWorker({ ...env } as Env, 'POST', '/auth/login', {
    body: { identifier: email, password: PASSWORD },
    headers: { 'User-Agent': CHROME, 'CF-Connecting-IP': '2001:db8:1234:5678:9abc:def0:1234:5678' },
    cf: { country: 'DE', city: 'Frankfurt am Main' } as IncomingRequestCfProperties,
  })
  const account = (await bytesOf('users', `id = '${id}'`)) + (await bytesOf('user_roles', `user_id = '${id}'`))
  const session =
    (await bytesOf('sessions', `user_id = '${id}'`)) +
    (await bytesOf('grants', `session_id in (select id from sessions where user_id = '${id}')`))
  measured = {
    'an account': account,
    'a session, with its grant': session,
    'an event of the audit trail':
      DIGESTS_BYTES + (await bytesOf('audit_events', `user_id = '${id}' and type = 'login.succeeded'`)),
    'a mail': await bytesOf('outbox', `user_id = '${id}'`),
  }
})

describe('the arithmetic of docs/operations.md', () => {
  it.each(['an account', 'a session, with its grant', 'an event of the audit trail', 'a mail'])(
    'is right for %s',
    (kind) => {
      const [bytes = 0, fillFree = 0, fillPaid = 0] = statedOf(kind)
      const isNear = (value: number, exact: number, share: number) => Math.abs(value / exact - 1) <= share
      expect(isNear(bytes, measured[kind] ?? 0, 0.15), `${kind} takes ${measured[kind]} bytes, not ${bytes}`).toBe(true)
      expect(isNear(fillFree, FREE_PLAN_BYTES / bytes, 0.05), `${FREE_PLAN_BYTES / bytes}, not ${fillFree}`).toBe(true)
      expect(isNear(fillPaid, PAID_PLAN_BYTES / bytes, 0.05), `${PAID_PLAN_BYTES / bytes}, not ${fillPaid}`).toBe(true)
    },
  )
})
