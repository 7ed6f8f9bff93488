/**
 * `npm run bench:rate-limits` prints what rate limiting costs in KV for each 1,000 requests of well-behaved and of
 * abusive clients. It uses a KV with production's limits (`test/support/production-kv.ts`) and a clock of its own.
 * Nothing is timed, so the numbers are the same on every machine.
 */
import { toRateKeys } from '../src/http/client-address.ts'
import { createRateLimiter, type RatePolicy } from '../src/platform/rate-limiter.ts'
import { NOON_MS } from '../test/support/clock.ts'
import { createProductionKv, type ProductionKv } from '../test/support/production-kv.ts'

/** These are the default classes (`RATE_CLASSES` in `src/config.ts`). */
const GLOBAL: RatePolicy = { requests: 300, windowSeconds: 60 }
const SENSITIVE: RatePolicy = { requests: 5, windowSeconds: 60 }
const MAIL_HOURLY: RatePolicy = { requests: 120, windowSeconds: 3600 }
const MAIL_DAILY: RatePolicy = { requests: 600, windowSeconds: 24 * 3600 }
const MINUTE_MS = 60_000

/**
 * This is traffic of one or more minutes. It tells who asks, whether the route is sensitive, and whether that route
 * sends a mail.
 */
interface Scenario {
  name: string
  minutes: number
  isolates: number
  /** The requests of a minute are spread evenly over it. */
  perMinute: number
  clientOf: (request: number) => string
  isSensitive: (request: number) => boolean
  sendsMail?: boolean
}

const never = () => false
const always = () => true

const WELL_BEHAVED: Scenario[] = [
  {
    name: '1,000 people, each logs in once',
    minutes: 10,
    isolates: 4,
    perMinute: 100,
    clientOf: (request) => `person ${request}`,
    isSensitive: always,
  },
  {
    name: '1,000 people of 20 IPv6 networks (/48), each logs in once',
    minutes: 10,
    isolates: 4,
    perMinute: 100,
    clientOf: (request) => `2001:db8:${(request % 20).toString(16)}:${request.toString(16)}::1`,
    isSensitive: always,
  },
  {
    name: '500 people, each logs in at the second try',
    minutes: 10,
    isolates: 4,
    perMinute: 100,
    clientOf: (request) => `person ${request >> 1}`,
    isSensitive: always,
  },
  {
    name: '100 pages open, each asks every 6 s',
    minutes: 10,
    isolates: 4,
    perMinute: 1000,
    clientOf: (request) => `person ${request % 100}`,
    isSensitive: never,
  },
  {
    name: 'a busy page: 55 requests a minute',
    minutes: 20,
    isolates: 1,
    perMinute: 55,
    clientOf: () => 'person',
    isSensitive: never,
  },
  {
    name: 'an office behind one address: 200 a minute',
    minutes: 10,
    isolates: 2,
    perMinute: 200,
    clientOf: () => 'office',
    isSensitive: (request) => request % 100 === 0,
  },
  {
    name: 'an office behind one address: 40 sign-ups an hour, for six hours',
    minutes: 360,
    isolates: 4,
    perMinute: 2 / 3,
    clientOf: () => 'office',
    isSensitive: always,
    sendsMail: true,
  },
]

const ABUSIVE: Scenario[] = [
  {
    name: 'one address, 100 logins a minute',
    minutes: 10,
    isolates: 1,
    perMinute: 100,
    clientOf: () => 'attacker',
    isSensitive: always,
  },
  {
    name: 'one address, 1,000 logins a minute, 8 isolates',
    minutes: 5,
    isolates: 8,
    perMinute: 1000,
    clientOf: () => 'attacker',
    isSensitive: always,
  },
  {
    name: 'one address, 10,000 requests a minute, 8 isolates',
    minutes: 2,
    isolates: 8,
    perMinute: 10_000,
    clientOf: () => 'attacker',
    isSensitive: never,
  },
  {
    name: '200 addresses, 5 logins a minute each',
    minutes: 5,
    isolates: 8,
    perMinute: 1000,
    clientOf: (request) => `bot ${request % 200}`,
    isSensitive: always,
  },
  {
    name: 'a new /64 for every login',
    minutes: 5,
    isolates: 8,
    perMinute: 1000,
    clientOf: (request) => `2001:db8:0:${request.toString(16)}::1`,
    isSensitive: always,
  },
  {
    name: 'one address, 5 reset mails a minute, all day, 8 isolates',
    minutes: 24 * 60,
    isolates: 8,
    perMinute: 5,
    clientOf: () => 'attacker',
    isSensitive: always,
    sendsMail: true,
  },
]

let clock = NOON_MS
Date.now = () => clock
console.error = () => undefined

function openIsolate(kv: ProductionKv, index: number) {
  const pending: Promise<unknown>[] = []
  const limiter = createRateLimiter(kv.at(`location ${index % 2}`), new Map(), {
    now: Date.now,
    waitUntil: (promise) => pending.push(promise),
  })
  return async (name: string, client: string, policy: RatePolicy): Promise<boolean> => {
    let isAllowed = true
    for (const { key, times } of toRateKeys(client)) {
      const scaled = { ...policy, requests: policy.requests * times }
      if (isAllowed) ({ isAllowed } = await limiter.count(`${name}:${key}`, scaled))
    }
    await Promise.all(pending.splice(0))
    return isAllowed
  }
}

/** Any isolate may get a request, without a pattern. mulberry32 gives the same numbers in each run. */
let seed = 20_261_120
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

/** Answers one line of the table, which tells what 1,000 requests of this kind cost. */
async function measure(scenario: Scenario): Promise<string> {
  const kv = createProductionKv()
  const isolates = Array.from({ length: scenario.isolates }, (_, index) => openIsolate(kv, index))
  const total = scenario.minutes * scenario.perMinute
  let admitted = 0
  for (let request = 0; request < total; request += 1) {
    const count = isolates[Math.floor(random() * isolates.length)]
    const client = scenario.clientOf(request)
    const policies = [
      { name: 'global', policy: GLOBAL, applies: true },
      { name: 'sensitive', policy: SENSITIVE, applies: scenario.isSensitive(request) },
      { name: 'mail-hourly', policy: MAIL_HOURLY, applies: scenario.sendsMail === true },
      { name: 'mail-daily', policy: MAIL_DAILY, applies: scenario.sendsMail === true },
    ]
    let isWelcome = true
    for (const { name, policy, applies } of policies)
      if (isWelcome && applies) isWelcome = (await count?.(name, client, policy)) === true
    if (isWelcome) admitted += 1
    clock += MINUTE_MS / scenario.perMinute
  }
  clock = Math.ceil(clock / MINUTE_MS + 2) * MINUTE_MS
  const { reads, writes, tooManyWrites } = kv.take()
  const per1000 = (count: number) => ((count * 1000) / total).toFixed(count === 0 ? 0 : 1)
  const cells = [scenario.name, per1000(admitted), per1000(reads), per1000(writes), per1000(tooManyWrites)]
  return `| ${cells.join(' | ')} |`
}

console.log('| traffic | let through | KV reads | KV writes | of these refused by KV |\n|---|---|---|---|---|')
for (const [title, scenarios] of [
  ['well-behaved', WELL_BEHAVED],
  ['abusive', ABUSIVE],
] as const) {
  console.log(`| **${title}** | | | | |`)
  for (const scenario of scenarios) console.log(await measure(scenario))
}
