import type { Page } from 'playwright-core'

/**
 * Records what the reader of a page never sees and what no page may do: uncaught errors, errors in the console, which
 * tell of refusals by its policy too, and requests to other origins than these.
 */
export function recordFaults(page: Page, ...origins: readonly string[]): string[] {
  const faults: string[] = []
  page.on('pageerror', ({ message }) => faults.push(message))
  page.on('console', (message) => {
    // The browser itself writes one line for each request that fails.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  page.on('request', (request) => {
    const { origin } = new URL(request.url())
    // The addresses of data and of an empty page have no origin.
    if (origin !== 'null' && !origins.includes(origin)) faults.push(request.url())
  })
  return faults
}
