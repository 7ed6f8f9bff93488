import { defineConfig } from 'vitest/config'

/** A run for `test/e2e/test-run.test.ts`, in which one file never ends. */
export default defineConfig({
  test: { include: ['test/e2e/support/stalling/*.spec.ts'], pool: 'threads', maxWorkers: 2 },
})
