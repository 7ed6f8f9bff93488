import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, URL } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Page, Route } from 'playwright-core'

/** The pages as production serves them. `node scripts/build-ui.ts` makes them. */
const BUILT = fileURLToPath(new URL('../../../dist/ui', import.meta.url))
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
}

/** Lighthouse's slow 4G: https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md */
const ROUND_TRIP_MS = 150
const BYTES_PER_MS = 1_600_000 / 8 / 1000
/** One round trip opens the connection, and another one makes it TLS 1.3. */
const CONNECTING_ROUND_TRIPS = 2
const CERTIFICATE_BYTES = 4000
/** HPACK (RFC 7541) leaves little of the headers that every answer has. */
const HEADER_BYTES = 150

/** Nothing is asked for during so long once a page is idle: it waits for an answer, or needs none any more. */
const QUIET_MS = 250

/** What a page asked for until somebody could use it. */
export interface PageLoad {
  /** The compressed bytes that each round trip brought, one after another. */
  rounds: readonly number[]
  requests: number
}

/**
 * Opens a page with an empty cache, and holds every answer back until the page asks for nothing more without one. So it
 * counts the round trips that follow one another, whatever the speed of the machine.
 * @param usable A selector of what somebody came for.
 */
export async function loadInRounds(page: Page, url: string, usable: string): Promise<PageLoad> {
  const held: Route[] = []
  await page.route('**/*', (route) => {
    held.push(route)
  })
  const opened = page.goto(url, { waitUntil: 'commit' })
  const rounds: number[] = []
  let requests = 0
  do {
    await becomesQuiet(page, held)
    const wave = held.splice(0)
    if (wave.length === 0) throw new Error(`${url} waits for nothing, and has no ${usable}`)
    requests += wave.length
    const sizes = await Promise.all(wave.map(release))
    rounds.push(sizes.reduce((sum, size) => sum + size, 0))
    await becomesQuiet(page, held)
  } while (!(await isThere(page, usable)))
  await opened
  return { rounds, requests }
}

/** Waits until a page asks for nothing new for a while. */
async function becomesQuiet(page: Page, held: readonly Route[]): Promise<void> {
  let known: number
  do {
    known = held.length
    await Promise.all([sleep(QUIET_MS), answerOf(page, 'new Promise((done) => setTimeout(done))')])
  } while (known !== held.length)
}

/** Tells whether something is to be seen, and the script of the page has run, without which it would do nothing. */
async function isThere(page: Page, selector: string): Promise<boolean> {
  const hasRun = "performance.getEntriesByType('navigation')[0]?.domContentLoadedEventEnd > 0"
  const isVisible = `document.querySelector(${JSON.stringify(selector)})?.checkVisibility()`
  return (await answerOf(page, `${hasRun} && ${isVisible}`)) === true
}

/** Asks a page something. One that waits for its first answer, or for its style, says nothing: null then. */
const answerOf = (page: Page, question: string): Promise<unknown> =>
  Promise.race([page.evaluate(question).catch(() => null), sleep(4 * QUIET_MS, null)])

/** Gives a page what it asked for, and answers how many bytes that is on the network. */
async function release(route: Route): Promise<number> {
  const { pathname } = new URL(route.request().url())
  const file = [pathname, `${pathname}.html`, `${pathname}index.html`]
    .map((path) => join(BUILT, path))
    .find((path) => extname(path) && existsSync(path))
  if (file !== undefined) {
    const body = await readFile(file)
    await route.fulfill({ body, contentType: TYPES[extname(file)] ?? 'application/octet-stream' })
    return sizeOf(body)
  }
  const response = await route.fetch()
  await route.fulfill({ response })
  return sizeOf(await response.body())
}

const sizeOf = (body: Buffer): number => gzipSync(body).length + HEADER_BYTES

/** Computes how long a load takes on slow 4G over a new connection, without the time that the machines need. */
export function computeSlow4gMs({ rounds }: PageLoad): number {
  const bytes = rounds.reduce((sum, size) => sum + size, CERTIFICATE_BYTES)
  return Math.round((CONNECTING_ROUND_TRIPS + rounds.length) * ROUND_TRIP_MS + bytes / BYTES_PER_MS)
}
