/**
 * `npm run bench:enumeration` measures whether time tells who has an account (ASVS 6.3.8). It sends 200 requests for
 * addresses that have one and 200 for addresses that have none to each of the four routes, in random order, one at a
 * time, to the service as `npm start` runs it. It prints both medians and their ratio, and fails when a ratio is
 * outside 0.9 to 1.1. Name routes as arguments to measure only those.
 *
 * Every second verified account that logs in has an imported hash of PBKDF2 with 600,000 iterations, so the measure
 * also tells whether imported accounts stand out (docs/decisions/0029-foreign-hashes.md).
 *
 * No address is used twice on one route. Between set-up and measurement the script waits until the throttle objects
 * are evicted from memory, because those of most accounts are.
 */
import { availableParallelism, cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { change } from '../test/e2e/support/mail-service.ts'
import { startService } from '../test/e2e/support/service.ts'

const TRIES = 200
const WARM_UP = 20
/** So many sign-ups run at once, before anything is timed. */
const AT_ONCE = 20
/** workerd evicts an object that was idle for ten seconds. */
const EVICTION_MS = 15_000
const RATIO = { min: 0.9, max: 1.1 }
const PASSWORD = 'correct horse battery staple'
/** What an import stores of a hash that Django 4.2 made. No password here has this hash. */
const IMPORTED_HASH = `imported:1140:pbkdf2_sha256$600000$saltsaltsalt$${'A'.repeat(43)}=`

/**
 * Each route has a body that asks it about an address. A login has a wrong password for a verified account. For every
 * other account it has the right password of an address that is not confirmed, which has to look the same.
 */
const ROUTES = {
  '/auth/login': (email: string, nth: number) => ({
    identifier: email,
    password: nth % 2 === 0 ? 'a wrong battery staple' : PASSWORD,
  }),
  '/auth/forgot-password': (email: string) => ({ email }),
  '/auth/resend-verification': (email: string) => ({ email }),
  '/auth/register': (email: string) => ({ email, password: PASSWORD }),
} as const

const median = (times: readonly number[]): number => {
  const sorted = times.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

const service = await startService('--var', 'RATE_LIMITS:off')

async function post(path: string, body: unknown): Promise<{ status: number; ms: number }> {
  const start = performance.now()
  const response = await fetch(`${service.origin}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  await response.arrayBuffer()
  return { status: response.status, ms: performance.now() - start }
}

async function mustPost(path: string, body: unknown, status: number): Promise<void> {
  const answer = await post(path, body)
  if (answer.status !== status) throw new Error(`${path}: ${answer.status}\n${service.output().slice(-4000)}`)
}

/** Waits for the mail to an address and reads its token. */
async function tokenOf(email: string): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    const response = await fetch(`${service.origin}/dev/mailbox.json?to=${email}`)
    const { items } = (await response.json()) as { items: { text: string }[] }
    const token = /#token=(\S+)/.exec(items[0]?.text ?? '')?.[1]
    if (token !== undefined) return token
    await sleep(100)
  }
  throw new Error('no mail')
}

/** Creates the accounts for one route and verifies every second of them. */
async function signUp(route: string): Promise<string[]> {
  const emails = Array.from({ length: TRIES + WARM_UP }, (_, nth) => `known${nth}.${route.slice(6)}@example.com`)
  const register = (email: string) => mustPost('/auth/register', { email, password: PASSWORD }, 202)
  const verify = async (email: string) => mustPost('/auth/verify-email', { token: await tokenOf(email) }, 200)
  for (let at = 0; at < emails.length; at += AT_ONCE) {
    const some = emails.slice(at, at + AT_ONCE)
    await Promise.all(some.map(register))
    await Promise.all(some.filter((_, nth) => nth % 2 === 0).map(verify))
  }
  const ofImported = emails.filter((_, nth) => nth % 4 === 0)
  if (route === '/auth/login')
    for (const email of ofImported)
      change(service, 'update users set password_hash = ? where email = ?', IMPORTED_HASH, email)
  return emails
}

/** Asks about each known address and as many unknown ones. The order of each pair is random. */
async function measure(route: keyof typeof ROUTES, known: readonly string[]) {
  const times = { known: [] as number[], unknown: [] as number[] }
  const statuses = new Set<number>()
  for (const [nth, email] of known.entries()) {
    const pair = [['known', email] as const, ['unknown', email.replace('known', 'nobody')] as const]
    if (Math.random() < 0.5) pair.reverse()
    for (const [kind, address] of pair) {
      const { status, ms } = await post(route, ROUTES[route](address, nth))
      statuses.add(status)
      if (nth >= WARM_UP) times[kind].push(ms)
    }
  }
  if (statuses.size > 1) throw new Error(`${route} answers ${[...statuses].join(' and ')}`)
  return { known: median(times.known), unknown: median(times.unknown) }
}

type Route = keyof typeof ROUTES
const asked = process.argv.slice(2)
const routes = (Object.keys(ROUTES) as Route[]).filter((route) => asked.length === 0 || asked.includes(route))

try {
  const known = new Map<Route, string[]>()
  for (const route of routes) known.set(route, await signUp(route))
  console.log(`${availableParallelism()} × ${cpus()[0]?.model}, Node ${process.version}; ${TRIES} tries each`)
  console.log('| route | known, median | unknown, median | ratio |\n|---|---|---|---|')
  for (const route of routes) {
    await sleep(EVICTION_MS)
    const medians = await measure(route, known.get(route) ?? [])
    const ratio = medians.known / medians.unknown
    console.log(
      `| ${route} | ${medians.known.toFixed(2)} ms | ${medians.unknown.toFixed(2)} ms | ${ratio.toFixed(3)} |`,
    )
    if (!(ratio >= RATIO.min && ratio <= RATIO.max)) process.exitCode = 1
  }
} finally {
  await service.stop()
}
