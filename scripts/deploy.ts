/**
 * `npm run deploy`: brings production up to date, in an order that never runs new code on an old database. Can be run again at any
 * point: each step looks first whether there is something to do.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkVariables, printProblems, readConfig, readSecrets } from './lib/variables.ts'
import { runWrangler } from './lib/wrangler.ts'

const config = readConfig('production')

/** A value of the right form for a secret that production has already and tells nobody. */
function standIn(name: string): string {
  if (name === 'AUTH_SECRET') return `v1:${randomBytes(32).toString('base64url')}`
  if (name === 'SMTP_URL') return 'smtps://user:password@mail.example.com:465'
  return ['OIDC_PROVIDERS', 'SERVICE_CLIENTS'].includes(name) ? '[]' : 'x'.repeat(32)
}

function stop(message: string): never {
  console.error(message)
  process.exit(1)
}

/** Runs a step of wrangler that has to succeed. */
async function must(step: string, args: readonly string[]): Promise<string> {
  console.log(`· ${step}`)
  const { exitCode, output } = await runWrangler(args)
  if (exitCode !== 0)
    stop(`${output}\n${step}: failed. What was done before it stays; run the command again when it is mended.`)
  return output
}

async function createIfMissing(kind: string, name: string, info: readonly string[], create: readonly string[]) {
  const { exitCode } = await runWrangler([...info, name])
  if (exitCode === 0) console.log(`· ${kind} ${name} is there`)
  else await must(`create the ${kind} ${name}`, [...create, name])
}

/** The names of the secrets that production holds; none before the first deployment. */
async function listStoredSecrets(): Promise<string[]> {
  const { exitCode, output } = await runWrangler(['secret', 'list', '--env', 'production', '--format', 'json'])
  if (exitCode !== 0) return []
  const stored: { name: string }[] = JSON.parse(output.slice(output.indexOf('['), output.lastIndexOf(']') + 1))
  return stored.map(({ name }) => name)
}

async function deployWith(secrets: Record<string, string>): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'postern-deploy-'))
  try {
    const file = join(scratch, 'secrets.json')
    await writeFile(file, JSON.stringify(secrets), { mode: 0o600 })
    const withSecrets = Object.keys(secrets).length > 0 ? ['--secrets-file', file] : []
    console.log(await must('deploy the Worker and its pages', ['deploy', '--env', 'production', ...withSecrets]))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

console.log('· ask Cloudflare who is deploying')
const { exitCode: loggedOut } = await runWrangler(['whoami', '--json'])
if (loggedOut !== 0) stop('Nobody is logged in: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.')

const secrets = await readSecrets('production')
const stored = await listStoredSecrets()
const standIns = Object.fromEntries(stored.map((name) => [name, standIn(name)]))
console.log('· check the configuration')
const problems = await checkVariables({ ...standIns, ...config.vars, ...secrets })
if (problems.length > 0) {
  printProblems(problems)
  stop('The Worker would refuse to serve. Nothing was deployed.')
}

const queues = (config.queues.consumers ?? []).flatMap((consumer) =>
  [consumer.queue, consumer.dead_letter_queue ?? []].flat(),
)
for (const queue of queues) await createIfMissing('queue', queue, ['queues', 'info'], ['queues', 'create'])
for (const { database_name: database } of config.d1_databases)
  if (database !== undefined) await createIfMissing('database', database, ['d1', 'info'], ['d1', 'create'])
await must('apply the migrations', ['d1', 'migrations', 'apply', 'DB', '--remote', '--env', 'production'])
await deployWith(secrets)
