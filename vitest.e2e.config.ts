import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { findAuthenticator, findBrowser, findPython } from './test/e2e/support/find-program.ts'
import { findPreparedService, prepareService } from './test/e2e/support/prepared-service.ts'

const BROWSER_TESTS = 'test/e2e/browser/*.test.ts'

const isCi = process.env.CI !== undefined
const leftOut: string[] = []
if (!isCi && findBrowser() === null) {
  console.warn('No Chromium was found, so test/e2e/browser is left out: install one, or name it in CHROMIUM.')
  leftOut.push(BROWSER_TESTS)
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

// What several test files need is made here, because two that make it at once would disturb each other. Vitest reads
// this file once more for each project.
if (findPreparedService() === null) {
  execFileSync(process.execPath, ['scripts/build-client.ts'], { stdio: 'inherit' })
  await prepareService()
}

/**
 * Tests that need real processes around the Worker (a mail server, a browser): plain Node, two files at a time. Each
 * file has ports, a database and a registry of Workers of its own.
 */
export default defineConfig({
  test: {
    projects: [
      // These share two processes and their browsers, because to start both takes as long as a short test. Each test
      // has pages of its own.
      {
        extends: true as const,
        // A browser on a busy machine may miss a moment. The report names what was tried again.
        test: { name: 'browser', include: [BROWSER_TESTS], exclude: leftOut, isolate: false, retry: 1 },
      },
      {
        extends: true as const,
        test: { name: 'processes', include: ['test/e2e/**/*.test.ts'], exclude: [BROWSER_TESTS, ...leftOut] },
      },
    ],
    environment: 'node',
    // Examples name the package of the client.
    alias: { 'postern/client': fileURLToPath(new URL('src/client/index.ts', import.meta.url)) },
    pool: 'forks',
    setupFiles: ['test/e2e/support/setup.ts'],
    maxWorkers: 2,
    // Starting a service takes half a minute on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
})
