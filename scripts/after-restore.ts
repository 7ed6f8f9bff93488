/**
 * `npm run after-restore` makes a database safe that was restored by Time Travel, in which sessions, used links and old
 * passwords are valid again. It can be run again at any point (docs/operations.md, "Back up and restore").
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { accountsWithLostPassword, type LostEvent, safeguardStatements } from './lib/restored-database.ts'
import { makeScratchFolder } from './lib/scratch-folder.ts'
import { runWrangler } from './lib/wrangler.ts'

const USAGE = `npm run after-restore -- --remote --restored-to <time> --lost-trail <file | none>
  --restored-to   the time that the database was restored to, such as <YYYY-MM-DD>T12:00:00Z
  --lost-trail    what was saved of the audit trail before the restore; "none" has every password reset
  --local         the database of this machine instead, of --persist-to <folder> if that is given`

function stop(message: string): never {
  console.error(message)
  process.exit(1)
}

/** Reads the file into which `wrangler d1 execute --json` has printed the trail. */
async function readTrail(path: string): Promise<LostEvent[]> {
  const answers = JSON.parse(await readFile(path, 'utf8')) as { results: LostEvent[] }[]
  return answers.flatMap(({ results }) => results)
}

function readArguments() {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const options = { remote: flag, local: flag, 'persist-to': text, 'restored-to': text, 'lost-trail': text }
  try {
    return parseArgs({ options }).values
  } catch (error) {
    stop(`${error instanceof Error ? error.message : error}\n${USAGE}`)
  }
}

/** Prints how often each type of event is in the lost trail, because a person has to repeat some of them. */
function printWhatIsLeft(trail: readonly LostEvent[]): void {
  const counts = new Map<string, number>()
  for (const { type } of trail) counts.set(type, (counts.get(type) ?? 0) + 1)
  console.log('These events are lost. Decide which to repeat; deletions and deactivations must be repeated:')
  for (const [type, times] of [...counts].sort()) console.log(`  ${type}: ${times}`)
}

const asked = readArguments()
const restoredToMs = Date.parse(asked['restored-to'] ?? '')
if (asked.remote === asked.local || asked['lost-trail'] === undefined) stop(USAGE)
if (!(restoredToMs <= Date.now())) stop(`--restored-to is not a time in the past.\n${USAGE}`)
const trail = asked['lost-trail'] === 'none' ? null : await readTrail(asked['lost-trail'])
const statements = safeguardStatements(restoredToMs, trail ? accountsWithLostPassword(trail) : 'all')

const persistTo = asked['persist-to'] === undefined ? [] : ['--persist-to', asked['persist-to']]
const where = asked.remote ? ['--remote', '--env', 'production'] : ['--local', '--env', 'development', ...persistTo]
const file = join(makeScratchFolder(), 'safeguard.sql')
await writeFile(file, `${statements.join(';\n')};\n`)
const { exitCode, output } = await runWrangler(['d1', 'execute', 'DB', ...where, '--yes', '--file', file])
if (exitCode !== 0) stop(`${output}\nThe database was not made safe, or only in part. Run the command again.`)
console.log(
  'All sessions, links, codes and signing keys from before the restore were ended, and the audit trail records it.',
)
console.log(
  trail === null
    ? 'Every password has to be reset by mail.'
    : 'Passwords that were changed in the lost time have to be reset by mail.',
)
if (trail !== null) printWhatIsLeft(trail)
