/**
 * `npm run admin -- <command>` is what an operator runs the service by. It goes through the HTTP API with a session of
 * the operator, so that the service itself decides and records what happens (docs/decisions/0028-operator-commands.md).
 */
import { parseArgs } from 'node:util'
import { COMMANDS } from './lib/admin/commands.ts'
import { explainRefusal } from './lib/admin/explain.ts'
import { Failure } from './lib/admin/failure.ts'
import { describeCommand, describeCommands } from './lib/admin/help.ts'
import { assertKnown, findOrigin } from './lib/admin/origin.ts'
import { openQuestions } from './lib/admin/questions.ts'
import { openSession } from './lib/admin/session.ts'

const flag = { type: 'boolean', default: false } as const
const args = process.argv.slice(2)
const command = COMMANDS.find(({ name }) => name.split(' ').every((word, index) => args[index] === word))

function readArguments({ name, takes = [], options = {} }: NonNullable<typeof command>) {
  const rest = args.slice(name.split(' ').length)
  const common = { remote: flag, local: flag, json: flag, help: { ...flag, short: 'h' } }
  try {
    const { values, positionals } = parseArgs({
      args: rest,
      allowPositionals: true,
      options: { ...options, ...common },
    })
    if (!values.help && positionals.length !== takes.length)
      throw new TypeError(takes.length === 0 ? 'It takes no words.' : `It takes: ${takes.join(', ')}.`)
    if (values.remote && values.local) throw new TypeError('It takes --remote or --local, and not both.')
    return { values, words: positionals }
  } catch (error) {
    throw new Failure(`${(error as Error).message}\nHelp: npm run admin -- ${name} --help`, 2)
  }
}

async function runCommand(): Promise<number> {
  if (command === undefined) {
    const [asked] = args
    if (asked === undefined || asked === '--help' || asked === '-h' || asked === 'help') {
      console.log(describeCommands(COMMANDS))
      return asked === undefined ? 2 : 0
    }
    throw new Failure(`There is no such command. ${describeCommands(COMMANDS)}`, 2)
  }
  const { values, words } = readArguments(command)
  if (values.help) {
    console.log(describeCommand(command))
    return 0
  }
  const isRemote = values.remote === true
  const origin = await findOrigin(isRemote)
  const questions = openQuestions()
  const print = (result: object, text: string) => console.log(values.json ? JSON.stringify(result) : text)
  try {
    const call = {
      words,
      values,
      isRemote,
      print,
      // Not every command needs the service.
      get session() {
        return openSession(assertKnown(origin), questions)
      },
      get origin() {
        return assertKnown(origin)
      },
    }
    return (await command.run(call)) ?? 0
  } finally {
    questions.close()
  }
}

// Whoever reads the output may stop early, as `head` does.
process.stdout.on('error', () => process.exit(0))
try {
  process.exitCode = await runCommand()
} catch (error) {
  if (!(error instanceof Failure)) throw error
  console.error(explainRefusal(error, command?.permission))
  process.exitCode = error.exitCode
}
