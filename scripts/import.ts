/**
 * `npm run import -- <file.ndjson>` imports accounts from another system through the HTTP API, with the session of
 * `npm run admin -- login` (docs/import.md).
 */
import { parseArgs } from 'node:util'
import { explainRefusal } from './lib/admin/explain.ts'
import { Failure } from './lib/admin/failure.ts'
import { assertKnown, findOrigin } from './lib/admin/origin.ts'
import { openQuestions } from './lib/admin/questions.ts'
import { openSession } from './lib/admin/session.ts'
import { importFile } from './lib/import/run.ts'

const HELP = `Usage: npm run import -- <file.ndjson> [options]
Import accounts from another system, one on each line of the file (docs/import.md). Sign in first, with
"npm run admin -- login". Lines that are refused are printed with their number and code, and the exit code is then 1.
After an interruption the same command goes on where it was.

  --dry-run     say what would be imported, and change nothing
  --from-start  begin with the first line, also where an earlier run was interrupted
  --remote      production, at its ISSUER of wrangler.toml; otherwise this machine (--local)
  --json        print each refused line, and the result, as a line of JSON
  --help        explain the command

Needs the permission users:import, and roles:assign for lines with roles.`

const flag = { type: 'boolean', default: false } as const

function readArguments() {
  try {
    const options = { 'dry-run': flag, 'from-start': flag, remote: flag, local: flag, json: flag, help: flag }
    const { values, positionals } = parseArgs({ allowPositionals: true, options })
    if (!values.help && positionals.length !== 1) throw new TypeError('It takes one file.')
    if (values.remote && values.local) throw new TypeError('It takes --remote or --local, and not both.')
    return { values, file: positionals[0] ?? '' }
  } catch (error) {
    throw new Failure(`${(error as Error).message}\nHelp: npm run import -- --help`, 2)
  }
}

async function run(): Promise<number> {
  const { values, file } = readArguments()
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const questions = openQuestions()
  process.on('SIGINT', () => {
    console.error('\nThe import was interrupted. Run the same command again, and it goes on there.')
    process.exit(130)
  })
  try {
    const { imported, skipped, errors } = await importFile(
      openSession(assertKnown(await findOrigin(values.remote)), questions),
      file,
      {
        isDryRun: values['dry-run'],
        isFromStart: values['from-start'],
        printError: (error) => console.log(values.json ? JSON.stringify(error) : `line ${error.line}: ${error.code}`),
      },
    )
    const would = values['dry-run'] ? 'would be imported' : 'were imported'
    if (values.json) console.log(JSON.stringify({ imported, skipped, errors }))
    else console.error(`\n${imported} accounts ${would}, ${skipped} have one already, ${errors} lines were refused.`)
    return errors === 0 ? 0 : 1
  } finally {
    questions.close()
  }
}

try {
  process.exitCode = await run()
} catch (error) {
  if (!(error instanceof Failure)) throw error
  console.error(explainRefusal(error, 'users:import'))
  process.exitCode = error.exitCode
}
