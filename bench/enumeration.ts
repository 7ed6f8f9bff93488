/**
 * `npm run bench:enumeration` measures whether time tells who has an account (ASVS 6.3.8). It sends 200 requests for
 * addresses that have one and 200 for addresses that have none to each of the four routes, in random order, one at a
 * time, to the service as `npm start` runs it. It prints both medians and their ratio, and fails when a ratio is
 * outside 0.9 to 1.1. Name what is listed in `ASKED` as arguments to measure only that.
 *
 * At the end it imports accounts with PBKDF2 of 600,000 iterations, and asks whether they, or those with a hash of the
 * service, stand out from then on (docs/decisions/0029-foreign-hashes.md). Each of these requests takes seconds.
 *
 * No address is used twice on one route. Between set-up and measurement the script waits until the throttle objects
 * are evicted from memory, because those of most accounts are.
 */
import { availableParallelism, cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadSource } from '../scripts/lib/source.ts'
import { change } from '../test/e2e/support/mail-service.ts'
import { startService } from '../test/e2e/support/service.ts'

const WARM_UP = 20
/** So many sign-ups run at once, before anything is timed. */
const AT_ONCE = 20
/** workerd evicts an object that was idle for ten seconds. */
const EVICTION_MS = 15_000
const RATIO = { min: 0.9, max: 1.1 }
const PASSWORD = 'correct horse battery staple'
/** A hash of PBKDF2 with 600,000 iterations, as Django 4.2 makes it. No password here has it. */
const FOREIGN_HASH = `pbkdf2_sha256$600000$saltsaltsalt$${'A'.repeat(43)}=`

/**
 * A login has a wrong password for a verified account. For every other account it has the right password of an address
 * that is not confirmed, which has to look the same.
 */
const logIn = (email: string, nth: number) => ({
  identifier: email,
  password: nth % 2 === 0 ? 'a wrong battery staple' : PASSWORD,
})

interface Asked {
  path: string
  tries: number
  body: (email: string, nth: number) => object
  /** Whether the accounts get an imported hash before they are asked about. */
  isImported?: boolean
}

/** What is asked, in this order: from the first imported account on, every wrong password takes longer. */
const ASKED: Readonly<Record<string, Asked>> = {
  login: { path: '/auth/login', tries: 200, body: logIn },
  'forgot-password': { path: '/auth/forgot-password', tries: 200, body: (email) => ({ email }) },
  'resend-verification': { path: '/auth/resend-verification', tries: 200, body: (email) => ({ email }) },
  register: { path: '/auth/register', tries: 200, body: (email) => ({ email, password: PASSWORD }) },
  'login-of-imported': { path: '/auth/login', tries: 40, body: logIn, isImported: true },
  'login-beside-imported': { path: '/auth/login', tries: 40, body: logIn },
}

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

/** Creates the accounts that are asked about and verifies every second of them. */
async function signUp(name: string, { tries }: Asked): Promise<string[]> {
  const emails = Array.from({ length: tries + WARM_UP }, (_, nth) => `known${nth}.${name}@example.com`)
  const register = (email: string) => mustPost('/auth/register', { email, password: PASSWORD }, 202)
  const verify = async (email: string) => mustPost('/auth/verify-email', { token: await tokenOf(email) }, 200)
  for (let at = 0; at < emails.length; at += AT_ONCE) {
    const some = emails.slice(at, at + AT_ONCE)
    await Promise.all(some.map(register))
    await Promise.all(some.filter((_, nth) => nth % 2 === 0).map(verify))
  }
  return emails
}

/** What reads the hashes of an import in the Worker, as far as this script uses it. */
interface Source {
  readHash(text: string): { outcome: 'ok'; stored: string } | { outcome: 'malformed' | 'unsupported' }
}

/** Gives the accounts a hash in the form in which an import stores it. */
async function giveImportedHash(emails: readonly string[]): Promise<void> {
  const { readHash } = await loadSource<Source>('crypto/password-hash/registry.ts')
  const hash = readHash(FOREIGN_HASH)
  if (hash.outcome !== 'ok') throw new Error(`The import refuses ${FOREIGN_HASH}: ${hash.outcome}.`)
  for (const email of emails) change(service, 'update users set password_hash = ? where email = ?', hash.stored, email)
}

/** Asks about each known address and as many unknown ones. The order of each pair is random. */
async function measure({ path, body }: Asked, known: readonly string[]) {
  const times = { known: [] as number[], unknown: [] as number[] }
  const statuses = new Set<number>()
  for (const [nth, email] of known.entries()) {
    const pair = [['known', email] as const, ['unknown', email.replace('known', 'nobody')] as const]
    if (Math.random() < 0.5) pair.reverse()
    for (const [kind, address] of pair) {
      const { status, ms } = await post(path, body(address, nth))
      statuses.add(status)
      if (nth >= WARM_UP) times[kind].push(ms)
    }
  }
  if (statuses.size > 1) throw new Error(`${path} answers ${[...statuses].join(' and ')}`)
  return { known: median(times.known), unknown: median(times.unknown) }
}

const names = process.argv.slice(2)
const asked = Object.entries(ASKED).filter(([name]) => names.length === 0 || names.includes(name))

try {
  const known = new Map<string, string[]>()
  for (const [name, one] of asked) known.set(name, await signUp(name, one))
  console.log(`${availableParallelism()} × ${cpus()[0]?.model}, Node ${process.version}`)
  console.log('| asked | tries each | known, median | unknown, median | ratio |\n|---|---|---|---|---|')
  for (const [name, one] of asked) {
    const emails = known.get(name) ?? []
    if (one.isImported) await giveImportedHash(emails)
    await sleep(EVICTION_MS)
    const medians = await measure(one, emails)
    const ratio = medians.known / medians.unknown
    const times = [medians.known, medians.unknown].map((ms) => `${ms.toFixed(2)} ms`)
    console.log(`| ${name} | ${one.tries} | ${times.join(' | ')} | ${ratio.toFixed(3)} |`)
    if (!(ratio >= RATIO.min && ratio <= RATIO.max)) process.exitCode = 1
  }
} finally {
  await service.stop()
}
