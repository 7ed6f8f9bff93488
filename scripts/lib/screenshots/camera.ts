import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContext, Page, Route } from 'playwright-core'
import sharp from 'sharp'
import { FIXED_ANSWERS, TIDIED_ANSWERS } from './answers.ts'
import { type Cast, USER_AGENT } from './cast.ts'
import { moveMoments, PICTURED_AT } from './moment.ts'
import type { Shot } from './shots.ts'

/** How a picture looks beside its page. */
export interface View {
  language: 'en' | 'de'
  scheme: 'light' | 'dark'
  width: number
  height: number
}

export interface Camera {
  browser: Browser
  origin: string
  cast: Cast
  /** The moment on the clock of the service that the pictures show as theirs. */
  startedAt: number
}

/** Documents that are read outside of GitHub too have PNG. */
type Format = 'png' | 'webp'

/** The pages have few colours, so letters stay sharp. */
const FEW_COLOURS = { palette: true, effort: 10, dither: 0 } as const

const LOCALES = { en: 'en-US', de: 'de-DE' } as const
/** What a page shows while it waits. */
const WAITING = '[aria-busy=true], .skeleton, .placeholder'
const SETTLE_MS = 150

/** Opens a page as somebody sees it, with a clock that stands still, and gives its picture. */
export async function takePicture(camera: Camera, shot: Shot, view: View, format: Format): Promise<Buffer> {
  const { browser, cast, origin } = camera
  const context = await browser.newContext({
    userAgent: USER_AGENT,
    locale: LOCALES[view.language],
    timezoneId: 'UTC',
    colorScheme: view.scheme,
    reducedMotion: 'reduce',
    viewport: { width: view.width, height: view.height },
    ...(shot.as === undefined ? {} : { storageState: cast.cookies[shot.as] }),
  })
  try {
    await context.clock.setFixedTime(PICTURED_AT)
    await tidyAnswers(context, camera)
    const page = await context.newPage()
    await page.goto(origin + shot.path)
    await settle(page)
    await shot.act?.(page)
    await settle(page)
    return await capture(page, format)
  } catch (cause) {
    throw new Error(`The picture of ${shot.name} was not taken`, { cause })
  } finally {
    await context.close()
  }
}

/** Waits until the page has everything, and stands still. */
async function settle(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle')
  await page.locator(WAITING).first().waitFor({ state: 'detached' })
  await page.evaluate('document.fonts.ready')
  await sleep(SETTLE_MS)
}

/** Takes the picture without a caret, which would blink, in as few bytes as its text stays sharp with. */
export async function capture(page: Page, format: Format): Promise<Buffer> {
  await page.evaluate('document.activeElement?.blur?.()')
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'png' })
  const picture = sharp(Buffer.from(data, 'base64'))
  if (format === 'png') return await picture.png({ ...FEW_COLOURS, colours: 64 }).toBuffer()
  const reduced = await picture.png({ ...FEW_COLOURS, colours: 16 }).toBuffer()
  return await sharp(reduced).webp({ lossless: true, effort: 6 }).toBuffer()
}

/**
 * Stands between the page and the API, so that a picture is the same in every run: times are moved to that of the
 * picture, and ids, secrets and measures replaced. Only reads pass through it; the browser sends the rest itself.
 */
async function tidyAnswers(context: BrowserContext, { origin, startedAt, cast }: Camera): Promise<void> {
  const toPictured = { fromMs: startedAt, toMs: PICTURED_AT }
  const toReal = { fromMs: PICTURED_AT, toMs: startedAt }
  const tidy = async (route: Route) => {
    const request = route.request()
    const url = new URL(request.url())
    const name = `${request.method()} ${url.pathname}`
    const fixed = FIXED_ANSWERS[name]
    if (fixed !== undefined) return await route.fulfill({ json: fixed })
    if (request.method() !== 'GET' || request.resourceType() !== 'fetch') return await route.continue()
    url.search = moveMoments(decodeURIComponent(url.search), toReal)
    const response = await route.fetch({ url: url.href })
    if (!response.headers()['content-type']?.includes('json')) return await route.fulfill({ response })
    let body = moveMoments(await response.text(), toPictured)
    for (const [id, shown] of cast.shownIds) body = body.replaceAll(id, shown)
    const answer = TIDIED_ANSWERS[name]?.(JSON.parse(body) as never)
    await route.fulfill({ response, body: answer === undefined ? body : JSON.stringify(answer) })
  }
  await context.route(`${origin}/**`, tidy)
}
