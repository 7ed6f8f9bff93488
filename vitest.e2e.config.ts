import { defineConfig } from 'vitest/config'

/** Tests that need real processes around the Worker (a mail server, a browser): plain Node, one file at a time. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
