/**
 * `npm run rotate -- <what> --remote --yes` ends at once what a leaked secret could be used for. It can be run again at
 * any point. docs/leaks.md says what is lost by it, and docs/operations.md how to rotate without a leak.
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
were kept are deleted, new signing keys are made, and authenticator apps stop working: their owners need a recovery code or
a passkey to set them up anew. Passwords, recovery codes, accounts and linked providers stay.`,
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
if (!values.yes) stop(`Nothing was changed. Add --yes to do this to ${environment}.`)

if (what === 'auth-secret') await replaceAuthSecret()
const where = values.remote
  ? ['--remote']
  : ['--local', ...(values['persist-to'] ? ['--persist-to', values['persist-to']] : [])]
await must('delete what the leaked secret could be used for', [
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
console.log('Done. docs/leaks.md says what is left to do.')

/**
 * Deploying the new version alone ends everything; the rows that are deleted afterwards are useless by then.
 */
async function replaceAuthSecret(): Promise<void> {
  const file = values.remote ? '.dev.vars.production' : '.dev.vars'
  if (process.env.AUTH_SECRET)
    stop('AUTH_SECRET is set in this shell and would replace the new one. Unset it, then run the command again.')
  const { AUTH_SECRET = '' } = await readSecrets(environment)
  const deployed = values.remote ? (await readDeployed()).versions : []
  const version = nextVersion([AUTH_SECRET, ...deployed.map(({ fingerprints }) => fingerprints ?? '')])
  await writeAuthSecret(file, newSecretVersion(version))
  console.log(`· AUTH_SECRET now holds ${version} alone, in ${file}`)
  if (values.local) return
  const deploy = [join(projectRoot, 'scripts/deploy.ts'), '--replace-auth-secret']
  if (spawnSync(process.execPath, deploy, { stdio: 'inherit' }).status !== 0)
    stop('The new secret is not deployed yet. Fix what is reported above, then run this command again.')
}
