/**
 * `npm run budget` compares the Worker that would be deployed with `scripts/budget.json`: its size, the size of each
 * package in it, and the CPU time of its start. It fails where one is exceeded or a package has no line. Raising a line
 * is a commit of its own that says what it buys (docs/decisions/0019-bundle.md). With `--write` it sets the lines of
 * the packages to what they are now.
 */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Costs, findExcesses } from './lib/budget.ts'
import { bundleWorker } from './lib/bundle.ts'
import { makeScratchFolder } from './lib/scratch-folder.ts'
import { measureStartUpRatio } from './lib/start-up.ts'
import { projectRoot } from './lib/wrangler.ts'

const path = join(projectRoot, 'scripts/budget.json')
const toKiB = (bytes: number) => Math.ceil(bytes / 102.4) / 10

/** Bundles the Worker and measures it. */
async function measure(): Promise<Costs> {
  const bundle = await bundleWorker(makeScratchFolder())
  const packages = Object.entries(bundle.packageBytes).sort(([, a], [, b]) => b - a)
  // Only Linux tells the CPU time of a process this precisely.
  const canMeasure = existsSync('/proc/self/schedstat')
  return {
    codeGzippedKiB: toKiB(bundle.codeBytes),
    dataGzippedKiB: toKiB(bundle.dataBytes),
    startUpRatio: canMeasure ? Number((await measureStartUpRatio(bundle)).toFixed(1)) : 0,
    packagesMinifiedKiB: Object.fromEntries(packages.map(([name, bytes]) => [name, toKiB(bytes)])),
  }
}

const budget = JSON.parse(await readFile(path, 'utf8')) as Costs
const costs = await measure()
console.log(JSON.stringify(costs, null, 2))
if (process.argv.includes('--write')) {
  const packages = Object.entries(costs.packagesMinifiedKiB).map(([name, size]) => [name, Math.ceil(size)])
  const written = { ...budget, packagesMinifiedKiB: Object.fromEntries(packages) }
  await writeFile(path, `${JSON.stringify(written, null, 2)}\n`)
} else {
  const excesses = findExcesses(budget, costs)
  for (const excess of excesses) console.error(excess)
  if (excesses.length > 0) process.exitCode = 1
}
