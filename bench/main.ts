/**
 * `npm run bench` measures the service beside better-auth and the least that anybody could do, and writes
 * `docs/benchmarks.md`. `--quick` measures for a shorter time, `--profile <operation>` tells where the time of one
 * operation goes, such as `GET /auth/me`, and `--memory [minutes]` watches the memory under mixed load.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath, URL } from 'node:url'
import { parseArgs } from 'node:util'

const folder = fileURLToPath(new URL('.', import.meta.url))
if (!existsSync(`${folder}node_modules`)) {
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts'], { cwd: folder, stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}
// Wrangler warns of fields that it has written itself.
process.env.WRANGLER_LOG = 'error'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, profile: { type: 'string' }, memory: { type: 'boolean' } },
})
const DEFAULT_MINUTES = 30

// These import packages that may have been installed just now.
if (values.profile !== undefined) {
  const { profileOperation } = await import('./measure/profile.ts')
  const { postern } = await import('./services/postern.ts')
  const { writeProfile } = await import('./report.ts')
  console.log(writeProfile(await profileOperation(postern, values.profile)))
} else if (values.memory) {
  const { measureMemory } = await import('./measure/memory.ts')
  if (!(await measureMemory(Number(positionals[0] ?? DEFAULT_MINUTES)))) process.exitCode = 1
} else {
  const { runBenchmarks } = await import('./run.ts')
  await runBenchmarks(values.quick === true)
}
