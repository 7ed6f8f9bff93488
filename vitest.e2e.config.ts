import { defineConfig } from 'vitest/config'
import { findBrowser } from './test/e2e/support/find-browser.ts'

const canBrowse = process.env.CI !== undefined || findBrowser() !== null
if (!canBrowse)
  console.warn('No Chromium was found, so test/e2e/browser is left out: install one, or name it in CHROMIUM.')

/** Tests that need real processes around the Worker (a mail server, a browser): plain Node, one file at a time. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    exclude: canBrowse ? [] : ['test/e2e/browser/**'],
    environment: 'node',
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
