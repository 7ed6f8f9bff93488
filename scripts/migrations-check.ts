/** `npm run migrations:check` fails when the schema has changes for which no migration was written. */
import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import drizzleConfig from '../drizzle.config.ts'
import { projectRoot } from './lib/wrangler.ts'

/**
 * Runs drizzle-kit and answers all that it prints, because its exit code is 0 even where it could not ask a question.
 */
function drizzleKit(...args: string[]): string {
  const bin = join(projectRoot, 'node_modules/drizzle-kit/bin.cjs')
  const { stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: projectRoot, encoding: 'utf8' })
  return stdout + stderr
}

// The copy is inside the project, because drizzle-kit takes a relative path. Git ignores `.wrangler`.
await mkdir(join(projectRoot, '.wrangler'), { recursive: true })
const scratch = await mkdtemp(join(projectRoot, '.wrangler/migrations-'))
try {
  await cp(join(projectRoot, 'migrations'), scratch, { recursive: true })
  const target = ['--dialect', 'sqlite', '--out', relative(projectRoot, scratch)]
  const consistency = drizzleKit('check', ...target)
  const difference = drizzleKit('generate', '--schema', String(drizzleConfig.schema), ...target)
  if (!(consistency.includes("Everything's fine") && difference.includes('No schema changes'))) {
    console.error(consistency, difference)
    console.error('The migrations do not lead to the schema: run `npx drizzle-kit generate` and commit what it writes.')
    process.exitCode = 1
  }
} finally {
  await rm(scratch, { recursive: true, force: true })
}
