import { beforeAll, describe, expect, it } from 'vitest'
import page from '../../docs/authorization.md?raw'
import type { Permission } from '../../src/domain/permissions.ts'
import { callWorker } from '../support/call-worker.ts'
import { rows } from '../support/database.ts'
import { listOperations, type Operation, samplesOf } from '../support/openapi.ts'
import {
  ALL_PERMISSIONS,
  makeHolder,
  makeNamed,
  type Named,
  PRINCIPALS,
  type Principal,
} from '../support/principals.ts'
import { oauthEnv } from '../support/providers.ts'
import { SERVICE } from '../support/services.ts'

const bindings = oauthEnv({ SERVICE_CLIENTS: JSON.stringify([SERVICE]) })

/**
 * These codes say that a route is closed to whoever asks. Any other answer comes from behind the guard. What belongs to
 * somebody else is not found by the routes that a user has for what is their own.
 */
const CLOSED = [
  'unauthenticated',
  'invalid_client',
  'forbidden',
  'permission_not_held',
  'enrolment_required',
  'step_up_required',
]
const OPEN = 'yes'

type Make = (env: Env) => Promise<Principal>
/** The principals in use, by the function that makes each. Whoever a request may have changed is made anew. */
const made = new Map<Make, Principal>()
let target: Named
let role = ''

async function makeTarget(): Promise<void> {
  target = await makeNamed()
  role = `role-${crypto.randomUUID().slice(0, 8)}`
  await rows("insert into roles (name, description) values (?, 'Made for a test.')", role)
}
beforeAll(makeTarget)

/** Names in a path what belongs to the principal, or else to somebody else. */
function fill(path: string, { own }: Principal): string {
  const named = own ?? target
  const id = path.includes('/sessions/')
    ? named.sessionId
    : path.includes('/passkeys/')
      ? named.passkeyId
      : named.userId
  return path.replace('{id}', id).replace('{name}', role).replace('{provider}', 'github')
}

/**
 * Makes a body. Where the path names something, the body is right, so that the answer tells whether the principal may
 * touch that. Anywhere else it is wrong, so that a principal who is let in changes nothing.
 */
function bodyOf({ path, body }: Operation): unknown {
  if (body === null) return undefined
  return path.includes('{') ? samplesOf(body.schema)[0] : { [`unknown-${path}`]: true }
}

/** Asks a route as a principal. It answers `yes` where the route lets them in, and else the code of the refusal. */
async function ask(operation: Operation, make: Make): Promise<string> {
  const principal = made.get(make) ?? (await make(bindings))
  made.set(make, principal)
  const { method, path } = operation
  const body = bodyOf(operation)
  const response = await callWorker(bindings, method, fill(path, principal), {
    headers: principal.headers,
    ...(body === undefined ? {} : { body }),
  })
  if (response.status >= 500) throw new Error(`${method} ${path}: ${response.status}`)
  if (response.ok && method !== 'GET') {
    made.delete(make)
    if (path.includes('{')) await makeTarget()
  }
  if (response.status < 400) return OPEN
  const { code } = (await response.json()) as { code: string }
  const isClosed = CLOSED.includes(code) || (code === 'not_found' && /^\/auth\/.*\{id\}/.test(path))
  return isClosed ? code : OPEN
}

const HOLDERS = ALL_PERMISSIONS.map((permission) => [permission, () => makeHolder(permission)] as const)

/** Asks a route with each single permission. It answers those with which it differs from a user who has none. */
async function askHolders(operation: Operation, otherwise: string): Promise<string> {
  const open: Permission[] = []
  for (const [permission, make] of HOLDERS) {
    const answer = await ask(operation, make)
    if (answer === otherwise) continue
    expect(answer, `${operation.method} ${operation.path} with ${permission}`).toBe(OPEN)
    open.push(permission)
  }
  return open.map((permission) => `\`${permission}\``).join(', ') || otherwise
}

const HEADINGS = [
  'route',
  ...Object.keys(PRINCIPALS).flatMap((name) => (name === 'admin' ? ['single permission', name] : name)),
]

async function rowOf(operation: Operation): Promise<string> {
  const cells: string[] = [`\`${operation.method} ${operation.path}\``]
  for (const [name, make] of Object.entries<Make>(PRINCIPALS)) {
    if (name === 'admin') cells.push(await askHolders(operation, cells.at(-1) ?? ''))
    cells.push(await ask(operation, make))
  }
  return `| ${cells.join(' | ')} |`
}

describe('who may call which route (ASVS 8.2.1, 8.2.2)', () => {
  it('is what docs/authorization.md says, for every route of the document and every kind of principal', async () => {
    const table = [`| ${HEADINGS.join(' | ')} |`, `|${HEADINGS.map(() => '---').join('|')}|`]
    for (const operation of listOperations()) table.push(await rowOf(operation))
    const fresh = page.replace(/(<!-- matrix:[^\n]*-->\n)[\s\S]*(<!-- \/matrix -->)/, `$1${table.join('\n')}\n$2`)
    // `vitest run -u` writes the page.
    await expect(fresh).toMatchFileSnapshot('../../docs/authorization.md')
  })
})
