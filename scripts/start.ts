/** `npm start` runs the whole service on this machine, with nothing to install, to sign up for or to configure. */
import { parseArgs } from 'node:util'
import { ensureAuthSecret } from './lib/dev-vars.ts'
import { LOCAL_STATE, migrateLocalDatabase } from './lib/local-database.ts'
import { spawnWrangler } from './lib/wrangler.ts'

const parent = process.ppid
const forwarded = process.argv.slice(2)
const { values: asked } = parseArgs({
  args: forwarded,
  strict: false,
  options: { port: { type: 'string' }, 'persist-to': { type: 'string' }, var: { type: 'string', multiple: true } },
})
const port = typeof asked.port === 'string' ? asked.port : process.env.PORT || '8787'
const state = typeof asked['persist-to'] === 'string' ? asked['persist-to'] : LOCAL_STATE
const issuer = asked.var?.find((pair) => typeof pair === 'string' && pair.startsWith('ISSUER:'))

const origin = `http://localhost:${port}`
console.log(`Postern starts on this machine.
  API      ${origin}
  Docs     ${origin}/docs
  Console  ${origin}/console (its first administrator: ${origin}/dev/first-admin)
  Mailbox  ${origin}/dev/mailbox
`)

await ensureAuthSecret('.dev.vars')

try {
  await migrateLocalDatabase(state)
} catch (error) {
  const { message } = error as Error
  console.error(
    `${message}\nThe migrations of the local database could not be applied. Fix what wrangler reports above, then start again.`,
  )
  process.exit(1)
}

const defaults = [
  ...(asked.port === undefined ? ['--port', port] : []),
  ...(issuer === undefined ? ['--var', `ISSUER:${origin}`] : []),
]
const server = spawnWrangler(['dev', '--env', 'development', ...defaults, ...forwarded], { stdio: 'inherit' })

let stopping = false
const stop = () => {
  stopping = true
  server.kill('SIGTERM')
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
// A signal that is sent to npm ends npm and its shell without reaching this process. So this process looks whether its
// parent has changed, because no hidden server must be left behind.
if (process.env.npm_lifecycle_event !== undefined) setInterval(() => process.ppid !== parent && stop(), 250).unref()
server.once('error', (error) => {
  console.error(error)
  process.exit(1)
})
server.once('exit', (code) => process.exit(stopping ? 0 : (code ?? 1)))
