import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { launchBrowser } from './browser.ts'
import { type Service, startService } from './service.ts'

/** The browser of all files that this process runs. It is there once one of the functions below has begun. */
export let browser: Browser
/** The service of a test file. It is there once `useServiceAndBrowser` has begun. */
export let service: Service

/** Starts a browser where this process has none, and closes what a test has opened in it. The process ends it. */
export function useBrowser(): void {
  beforeAll(async () => {
    if (!browser?.isConnected()) browser = await launchBrowser()
  })
  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())))
}

/** Starts a browser and the service without rate limits, with further variables such as `NAME:value`. */
export function useServiceAndBrowser(...variables: readonly string[]): void {
  useBrowser()
  const given = ['RATE_LIMITS:off', ...variables].flatMap((variable) => ['--var', variable])
  beforeAll(async () => {
    // A line for each request would be a request of its own, from workerd to wrangler.
    service = await startService('--log-level', 'warn', ...given)
  })
  afterAll(async () => void (await service?.stop()))
}
