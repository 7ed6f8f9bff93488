/** Refuses a fixed moment in code, above all as the clock of a test. Clocks start from `test/support/clock.ts`. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findFixedMoments } from './lib/fixed-moments.ts'
import { projectRoot } from './lib/wrangler.ts'

// The benchmarks install packages of their own.
const files = globSync('{src,test,bench,scripts}/**/*.ts', { cwd: projectRoot, exclude: ['bench/node_modules'] })
const found = files
  // The test of this check holds examples of what is refused.
  .filter((path) => !path.endsWith('fixed-moments.test.ts'))
  .flatMap((path) =>
    findFixedMoments(readFileSync(join(projectRoot, path), 'utf8')).map((moment) => ({ path, ...moment })),
  )
for (const { path, line, literal } of found)
  console.error(`${path}:${line}: ${literal} is a fixed moment. Start from NOON_MS of test/support/clock.ts instead.`)
console.log(`${files.length} files, ${found.length} fixed moments`)
if (found.length > 0) process.exitCode = 1
