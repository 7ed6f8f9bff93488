/**
 * Stands in for wrangler, because Cloudflare is outside our borders. It answers as version 4.135 does, keeps an account
 * in a folder that several machines may share, and records what it was asked for.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'

const account = process.env.POSTERN_TEST_ACCOUNT
const path = join(account, 'state.json')
const state = existsSync(path)
  ? JSON.parse(readFileSync(path, 'utf8'))
  : { uploads: [], serving: [], resources: [], fail: null, loggedIn: true }
const args = process.argv.slice(2)
appendFileSync(join(account, 'calls'), `${args.join(' ')}\n`)

const fail = (text) => {
  console.error(text)
  process.exit(1)
}
const save = () => writeFileSync(path, JSON.stringify(state))
const notThere = () =>
  fail('A request to the Cloudflare API failed.\n  This Worker does not exist on your account. [code: 10007]')

const { values, positionals } = parseArgs({
  args,
  strict: false,
  options: {
    env: { type: 'string' },
    var: { type: 'string' },
    'secrets-file': { type: 'string' },
    command: { type: 'string' },
    json: { type: 'boolean' },
  },
})
const command = positionals.slice(0, 2).join(' ')
if (state.fail !== null && args.join(' ').includes(state.fail)) fail('Internal error. [code: 10013]')
if (!state.loggedIn) fail('You are not authenticated.')

const openDatabase = () => new DatabaseSync(join(account, 'database'))

function deploy() {
  const inherited = state.uploads.at(-1)?.secrets ?? {}
  const given = values['secrets-file'] ? JSON.parse(readFileSync(values['secrets-file'], 'utf8')) : {}
  const [name, ...text] = values.var.split(':')
  const upload = {
    id: `upload-${state.uploads.length + 1}`,
    secrets: { ...inherited, ...given },
    vars: { [name]: text.join(':') },
  }
  state.uploads.push(upload)
  state.serving = [upload.id]
  save()
}

/** Takes a secret from standard input, as a new version of the Worker that keeps everything else. */
function putSecret(name) {
  const newest = state.uploads.at(-1) ?? notThere()
  const secrets = { ...newest.secrets, [name]: readFileSync(0, 'utf8') }
  const upload = { ...newest, id: `upload-${state.uploads.length + 1}`, secrets }
  state.uploads.push(upload)
  state.serving = [upload.id]
  save()
}

function migrate() {
  const database = openDatabase()
  if (database.prepare("select 1 from sqlite_master where name = 'users'").get()) return
  for (const file of readdirSync('migrations').filter((entry) => entry.endsWith('.sql')))
    database.exec(readFileSync(join('migrations', file), 'utf8'))
}

switch (command) {
  case 'whoami':
    break
  case 'deployments status':
    if (state.serving.length === 0) notThere()
    console.log(
      JSON.stringify({
        versions: state.serving.map((id) => ({ version_id: id, percentage: 100 / state.serving.length })),
      }),
    )
    break
  case 'versions list':
    console.log(JSON.stringify(state.uploads.map(({ id }) => ({ id }))))
    break
  case 'versions view': {
    const { secrets, vars } = state.uploads.find(({ id }) => id === positionals[2])
    const bindings = [
      ...Object.keys(secrets).map((name) => ({ type: 'secret_text', name })),
      ...Object.entries(vars).map(([name, text]) => ({ type: 'plain_text', name, text })),
    ]
    console.log(JSON.stringify({ resources: { bindings } }))
    break
  }
  case 'queues info':
  case 'd1 info':
    if (!state.resources.includes(positionals[2])) fail('not found')
    break
  case 'queues create':
  case 'd1 create':
    state.resources.push(positionals[2])
    save()
    break
  case 'd1 migrations':
    migrate()
    break
  case 'd1 execute':
    if (values.json) console.log(JSON.stringify([{ results: openDatabase().prepare(values.command).all() }]))
    else openDatabase().exec(values.command)
    break
  case 'secret put':
    putSecret(positionals[2])
    break
  case 'deploy':
    deploy()
    break
  default:
    fail(`${command} is not known to the stand-in`)
}
