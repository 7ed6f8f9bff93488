import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { build } from 'esbuild'
import { defineConfig } from 'vitest/config'
import { logGuard } from './test/support/log-guard.ts'

/** Tests that put mails into the outbox themselves: a message left in the queue by another file would deliver them. */
const ALONE = ['test/integration/mail/{bursts,delivery,limits,retry}.test.ts', 'test/jobs/housekeeping.test.ts']

/** The pages are assets of the Worker under test; the plugin runs no build. Vitest reads this file for each project. */
if (process.env.PAGES_ARE_BUILT === undefined) {
  execFileSync(process.execPath, ['scripts/build-ui.ts', '--development'], { stdio: 'inherit' })
  process.env.PAGES_ARE_BUILT = 'true'
}

/**
 * PBKDF2 is bundled for the tests as it is for a deployment. In the unbundled form that vitest runs, each call of a
 * function of another module is so dear that it takes ten times as long.
 */
const HASHES = ['legacy', 'pbkdf2', 'sha2'].map((module) => `@noble/hashes/${module}.js`)
const BUNDLED_HASHES = fileURLToPath(new URL('dist/test/noble-hashes.js', import.meta.url))
await build({
  stdin: { contents: HASHES.map((name) => `export * from '${name}'`).join('\n'), resolveDir: import.meta.dirname },
  outfile: BUNDLED_HASHES,
  bundle: true,
  format: 'esm',
})

const AUTH_SECRET = 'v1:HQWzyL0VccnbhT4KDbHYGI9WdTq-SoCGQjly6z61HWw'

export default defineConfig(async () => ({
  resolve: { alias: HASHES.map((find) => ({ find, replacement: BUNDLED_HASHES })) },
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.toml', environment: 'development' },
      miniflare: {
        bindings: {
          ISSUER: 'http://localhost:8787',
          AUTH_SECRET,
          TEST_MIGRATIONS: await readD1Migrations('migrations'),
        },
        // A batch that waits for more would be delivered after its test file has ended, and vitest does not survive
        // that.
        queueConsumers: {
          'postern-development-activity': { maxBatchSize: 100, maxBatchTimeout: 0 },
          'postern-development-revocations': { maxBatchSize: 10, maxBatchTimeout: 0 },
          'postern-development-webhooks': { maxBatchSize: 5, maxBatchTimeout: 0 },
        },
      },
    }),
    logGuard({ AUTH_SECRET: AUTH_SECRET.slice('v1:'.length) }),
  ],
  test: {
    projects: [
      // Starting workerd and loading the Worker takes seconds: these share one, which test/support/setup.ts empties.
      {
        extends: true as const,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/unit/**', ...ALONE],
          setupFiles: ['test/support/setup.ts'],
          isolate: false,
        },
      },
      { extends: true as const, test: { name: 'alone', include: ALONE, setupFiles: ['test/support/setup.ts'] } },
      // These touch no storage, so nothing has to be emptied after them.
      {
        extends: true as const,
        test: {
          name: 'units',
          include: ['test/unit/**/*.test.ts'],
          setupFiles: ['test/support/setup-units.ts'],
          isolate: false,
        },
      },
    ],
    maxWorkers: 2,
    // A queue may still deliver, and log it, while the last file's workerd is closed. No test has failed by that.
    onUnhandledError: ({ message }: { message?: string }) =>
      !/Closing rpc while "onUserConsoleLog" was pending/.test(message ?? ''),
    // Passwords are really hashed: on a busy machine a test of many logins takes its time.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
}))
