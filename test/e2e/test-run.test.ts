import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { runTests } from '../../scripts/lib/test-run.ts'

const STALLING = { config: 'test/e2e/support/stalling/vitest.config.ts', silenceSeconds: 10 }
const FAILURE = expect.stringMatching(/^test\/e2e\/support\/stalling\/good\.spec\.ts fails\n.*expected 1 to be 2/)

afterEach(() => vi.unstubAllEnvs())

it('runs a file that stalled once more, and counts its tests', async () => {
  vi.stubEnv('STALL_MARKER', join(mkdtempSync(join(tmpdir(), 'postern-stall-')), 'marker'))
  expect(await runTests(STALLING)).toEqual({ passed: 2, failures: [FAILURE] })
})

it('names a file that stalls twice as failed', async () => {
  expect(await runTests(STALLING)).toEqual({
    passed: 1,
    failures: [FAILURE, 'test/e2e/support/stalling/stalling.spec.ts: vitest ended without a result of this file'],
  })
})
