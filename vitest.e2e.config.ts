import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { ensureAuthSecret } from './scripts/lib/dev-vars.ts'
import { migrateLocalDatabase } from './scripts/lib/local-database.ts'
import { findAuthenticator, findBrowser, findPython } from './test/e2e/support/find-program.ts'

const isCi = process.env.CI !== undefined
const leftOut: string[] = []
if (!isCi && findBrowser() === null) {
  console.warn('No Chromium was found, so test/e2e/browser is left out: install one, or name it in CHROMIUM.')
  leftOut.push('test/e2e/browser/**')
}
if (!isCi && findAuthenticator() === null) {
  console.warn('No oathtool was found, so test/e2e/oathtool.test.ts is left out: install it.')
  leftOut.push('test/e2e/oathtool.test.ts')
}
if (!isCi && findPython() === null) {
  console.warn(
    'No Python with PyJWT was found, so test/e2e/python-api.test.ts is left out: install it, or name it in PYTHON.',
  )
  leftOut.push('test/e2e/python-api.test.ts')
}

// Every `npm start` builds the pages and makes a secret where there is none. They are made here, because two that start
// at once would both make them, and find them complete from then on. So is the package of the client.
execFileSync(process.execPath, ['scripts/build-ui.ts', '--development'], { stdio: 'inherit' })
execFileSync(process.execPath, ['scripts/build-client.ts'], { stdio: 'inherit' })
await ensureAuthSecret('.dev.vars')
process.env.MIGRATED_STATE = mkdtempSync(join(tmpdir(), 'postern-migrated-'))
await migrateLocalDatabase(process.env.MIGRATED_STATE)

/**
 * Tests that need real processes around the Worker (a mail server, a browser): plain Node, two files at a time. Each
 * file has ports, a database, a browser and a registry of Workers of its own.
 */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    exclude: leftOut,
    environment: 'node',
    // Examples name the package of the client.
    alias: { 'postern/client': fileURLToPath(new URL('src/client/index.ts', import.meta.url)) },
    pool: 'forks',
    setupFiles: ['test/e2e/support/setup.ts'],
    maxWorkers: 2,
    // Starting a service takes half a minute on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // Browsers and processes that share a busy machine may miss a moment. The report names what was tried again.
    retry: 1,
  },
})
