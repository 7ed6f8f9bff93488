import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot, runWrangler } from './wrangler.ts'

const MIGRATIONS = join(projectRoot, 'migrations')

/** Where wrangler keeps local storage, unless it is told another folder. */
export const LOCAL_STATE = join(projectRoot, '.wrangler/state')

/**
 * Applies the migrations to the local database in a folder. They are noted beside it, because asking wrangler whether
 * there is something to apply takes longer than to start the service.
 * @throws with what wrangler said where they cannot be applied.
 */
export async function migrateLocalDatabase(state: string): Promise<void> {
  const note = join(state, 'v3/d1/applied-migrations')
  const wanted = describeMigrations()
  if (readIfThere(note) === wanted) return
  const { exitCode, output } = await runWrangler(
    ['d1', 'migrations', 'apply', 'DB', '--local', '--env', 'development'].concat('--persist-to', state),
  )
  if (exitCode !== 0) throw new Error(output)
  writeFileSync(note, wanted)
}

function describeMigrations(): string {
  const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql'))
  const hash = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(MIGRATIONS, name)))
      .digest('hex')
  return files
    .sort()
    .map((name) => `${hash(name)}  ${name}\n`)
    .join('')
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
