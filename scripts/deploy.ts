/**
 * `npm run deploy` brings production up to date, in an order that never runs new code on an old database. It can be run
 * again at any point and from any machine, because each step first looks whether there is something to do. The option
 * `--replace-auth-secret` is for an operator who means to sign everybody out (docs/decisions/0016-deployed-secret.md).
 */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { refuseSecretList } from './lib/auth-secret.ts'
import { type Deployed, FINGERPRINTS_VARIABLE, readDeployed } from './lib/deployed.ts'
import { ensureAuthSecret } from './lib/dev-vars.ts'
import { makeScratchFolder } from './lib/scratch-folder.ts'
import { countLostSeals } from './lib/sealed-secrets.ts'
import { must, stop } from './lib/steps.ts'
import {
  checkVariables,
  describeAuthSecret,
  printProblems,
  readConfig,
  readSecrets,
  readVariables,
} from './lib/variables.ts'
import { runWrangler } from './lib/wrangler.ts'

const SECRETS_FILE = '.dev.vars.production'
const mayReplace = process.argv.includes('--replace-auth-secret')
const config = readConfig('production')

/** Makes a value of the right form for a secret that production holds but does not show, or that is made below. */
function standIn(name: string): string {
  if (name === 'AUTH_SECRET') return `v1:${randomBytes(32).toString('base64url')}`
  if (name === 'SMTP_URL') return 'smtps://user:password@mail.example.com:465'
  if (name === 'ADMIN_INVITATION') return `admin@example.com.0000000000.${'x'.repeat(43)}`
  return ['OIDC_PROVIDERS', 'SERVICE_CLIENTS'].includes(name) ? '[]' : 'x'.repeat(32)
}

async function createIfMissing(kind: string, name: string, info: readonly string[], create: readonly string[]) {
  const { exitCode } = await runWrangler([...info, name])
  if (exitCode === 0) console.log(`· the ${kind} ${name} exists`)
  else await must(`create the ${kind} ${name}`, [...create, name])
}

/**
 * Answers the fingerprints of the secret that the new version will have. They are those of the given secret, if it may
 * follow the deployed one, or those of the deployed secret, which is then kept.
 */
async function settleAuthSecret(given: string | undefined, { versions, isRolledBack }: Deployed): Promise<string> {
  if (given !== undefined) {
    const wanted = await describeAuthSecret(given)
    const refusal = refuseSecretList(wanted, versions)
    if (refusal !== null && !mayReplace)
      stop(
        `${refusal}\nNothing was deployed. To replace the secret all the same, run "npm run deploy -- --replace-auth-secret".`,
      )
    if (refusal !== null) console.log(`· AUTH_SECRET is replaced, as you asked, although: ${refusal}`)
    return wanted
  }
  const [kept, ...others] = versions.map(({ fingerprints }) => fingerprints)
  if (kept === undefined || kept === null || isRolledBack || others.some((other) => other !== kept))
    stop(
      `It is not certain which AUTH_SECRET the new version would inherit. Nothing was deployed. Put the one in use into ${SECRETS_FILE}, then run the command again.`,
    )
  return kept
}

async function deployWith(secrets: Record<string, string>, fingerprints: string): Promise<void> {
  const file = join(makeScratchFolder(), 'secrets.json')
  await writeFile(file, JSON.stringify(secrets), { mode: 0o600 })
  // The code, the secrets and their fingerprints are one upload, so a roll-back takes back all three.
  const described = ['--var', `${FINGERPRINTS_VARIABLE}:${fingerprints}`]
  const withSecrets = Object.keys(secrets).length > 0 ? ['--secrets-file', file] : []
  const args = ['deploy', '--env', 'production', ...described, ...withSecrets]
  console.log(await must('deploy the Worker and its pages', args))
}

console.log('· ask Cloudflare who is deploying')
const { exitCode: loggedOut } = await runWrangler(['whoami', '--json'])
if (loggedOut !== 0) stop('Nobody is logged in to Cloudflare. Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.')

const deployed = await readDeployed()
const stored = deployed.versions.flatMap(({ secretNames }) => secretNames)
const isFirst = !stored.includes('AUTH_SECRET')
const standIns = Object.fromEntries(
  [...stored, ...(isFirst ? ['AUTH_SECRET'] : [])].map((name) => [name, standIn(name)]),
)
console.log('· check the configuration')
const problems = await checkVariables({ ...standIns, ...(await readVariables('production')) })
if (problems.length > 0) {
  printProblems(problems)
  stop(
    'With these variables the Worker would refuse to serve. Nothing was deployed. Correct them, then run the command again.',
  )
}

if (isFirst && !process.env.AUTH_SECRET && (await ensureAuthSecret(SECRETS_FILE)))
  console.log(`· AUTH_SECRET was made, in ${SECRETS_FILE}. Keep a copy of it where you keep passwords.`)
const secrets = await readSecrets('production')
const fingerprints = await settleAuthSecret(secrets.AUTH_SECRET, deployed)

const lost = mayReplace ? 0 : await countLostSeals(fingerprints, deployed.versions)
if (lost > 0)
  stop(
    `${lost} secrets of authenticator apps and webhooks still need a version of AUTH_SECRET that the list no longer has. Nothing was deployed. The daily cron seals them anew, some thousands a day: keep the version until then.`,
  )

const queues = (config.queues.consumers ?? []).flatMap((consumer) =>
  [consumer.queue, consumer.dead_letter_queue ?? []].flat(),
)
for (const queue of queues) await createIfMissing('queue', queue, ['queues', 'info'], ['queues', 'create'])
for (const { database_name: database } of config.d1_databases)
  if (database !== undefined) await createIfMissing('database', database, ['d1', 'info'], ['d1', 'create'])
await must('apply the migrations', ['d1', 'migrations', 'apply', 'DB', '--remote', '--env', 'production'])
await deployWith(secrets, fingerprints)
