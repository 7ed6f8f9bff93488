/**
 * `npm run rotate -- <what> --remote --yes`: ends at once what a leaked secret could be used for. It can be run again
 * at any point. What is lost, and how to rotate without a leak, is in docs/leaks.md.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { nextVersion } from './lib/auth-secret.ts'
import { readDeployed } from './lib/deployed.ts'
import { newSecretVersion, writeAuthSecret } from './lib/dev-vars.ts'
import { must, stop } from './lib/steps.ts'
import { readSecrets } from './lib/variables.ts'
import { projectRoot } from './lib/wrangler.ts'

const LEAKS = {
  'signing-keys': {
    ends: `All signing keys are deleted and new ones are made by the next request. Every access token signed so far is refused within five
minutes; sessions go on, because clients refresh. Services that verify offline follow when they next fetch the keys.`,
    sql: 'delete from signing_keys',
  },
  'auth-secret': {
    ends: `AUTH_SECRET gets a new version and loses all others. Everybody is signed out, links and codes of mails die, tokens of providers that
were kept are deleted, and new signing keys are made. Passwords, accounts and linked providers stay.`,
    sql: [
      'delete from signing_keys',
      'delete from grants',
      'delete from sessions',
      'delete from one_time_tokens',
      'delete from login_exchanges',
      'update identities set sealed_tokens = null',
    ].join('; '),
  },
} as const

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    remote: { type: 'boolean', default: false },
    local: { type: 'boolean', default: false },
    yes: { type: 'boolean', default: false },
    'persist-to': { type: 'string' },
  },
})
const [what = ''] = positionals
if (!(what === 'signing-keys' || what === 'auth-secret') || values.remote === values.local) {
  console.error('Usage: npm run rotate -- signing-keys|auth-secret --remote|--local --yes')
  process.exit(2)
}
const { ends, sql } = LEAKS[what]
const environment = values.remote ? 'production' : 'development'
console.log(`${ends}\n`)
if (!values.yes) stop(`Nothing was done. Say --yes to do that to ${environment}.`)

if (what === 'auth-secret') await replaceAuthSecret()
const where = values.remote
  ? ['--remote']
  : ['--local', ...(values['persist-to'] ? ['--persist-to', values['persist-to']] : [])]
await must('delete what it could be used for', [
  'd1',
  'execute',
  'DB',
  '--env',
  environment,
  ...where,
  '--yes',
  '--command',
  sql,
])
console.log('Done.')

/**
 * The new version alone is what ends everything; the rows that are deleted afterwards are of no use to anybody by then.
 */
async function replaceAuthSecret(): Promise<void> {
  const file = values.remote ? '.dev.vars.production' : '.dev.vars'
  if (process.env.AUTH_SECRET) stop('AUTH_SECRET is set in this shell and would win over the new one: unset it first.')
  const { AUTH_SECRET = '' } = await readSecrets(environment)
  const deployed = values.remote ? (await readDeployed()).versions : []
  const version = nextVersion([AUTH_SECRET, ...deployed.map(({ fingerprints }) => fingerprints ?? '')])
  await writeAuthSecret(file, newSecretVersion(version))
  console.log(`· AUTH_SECRET has ${version} alone now, in ${file}`)
  if (values.local) return
  const deploy = [join(projectRoot, 'scripts/deploy.ts'), '--replace-auth-secret']
  if (spawnSync(process.execPath, deploy, { stdio: 'inherit' }).status !== 0)
    stop('The new secret is not deployed yet: mend what is said above and run this command again.')
}
