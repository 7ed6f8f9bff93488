import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'
import { ensureAuthSecret } from '../../../scripts/lib/dev-vars.ts'
import { migrateLocalDatabase } from '../../../scripts/lib/local-database.ts'
import { projectRoot, runWrangler } from '../../../scripts/lib/wrangler.ts'

/** What is made once for all test files. */
export interface PreparedService {
  /** This folder holds a local database that is migrated. */
  state: string
  /** This folder holds the Worker of development in one piece. */
  worker: string
  /** This configuration of wrangler starts that Worker, and builds nothing. */
  config: string
}

const MAIN = 'main.js'
const VARIABLE = 'POSTERN_PREPARED_SERVICE'

function describeIn(folder: string): PreparedService {
  const worker = join(folder, 'worker')
  return { state: join(folder, 'state'), worker, config: join(worker, 'wrangler.json') }
}

/** Answers what `prepareService` has made, or null where nothing is prepared, as in a script. */
export function findPreparedService(): PreparedService | null {
  const folder = process.env[VARIABLE]
  return folder === undefined ? null : describeIn(folder)
}

/**
 * Builds the pages, bundles the Worker and migrates a database, once for all test files. Each service that a test
 * starts would do all of it again, which takes more CPU than most tests.
 */
export async function prepareService(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-prepared-'))
  const { state, worker, config } = describeIn(folder)
  await ensureAuthSecret('.dev.vars')
  await migrateLocalDatabase(state)
  const metafile = join(folder, 'meta.json')
  const built = await runWrangler([
    ...['deploy', '--dry-run', '--env', 'development'],
    ...['--outdir', worker, '--metafile', metafile],
  ])
  if (built.exitCode !== 0) throw new Error(built.output)
  // Wrangler looks twice at each start for what the main file exports, and takes long for a whole bundle.
  const { outputs }: Metafile = JSON.parse(readFileSync(metafile, 'utf8'))
  const names = Object.values(outputs).flatMap((output) => output.exports)
  writeFileSync(join(worker, MAIN), writeMain(names))
  writeFileSync(config, JSON.stringify(await describeBuilt()))
  symlinkSync(join(projectRoot, '.dev.vars'), join(worker, '.dev.vars'))
  process.env[VARIABLE] = folder
  // Node keeps here what it has compiled, for the hundreds of processes that the tests start.
  process.env.NODE_COMPILE_CACHE = join(folder, 'compiled')
}

/**
 * Writes the main module, which reads what the Worker leaves of a request's body, as `wrangler dev` does for what it
 * bundles itself. Its proxy would otherwise lose the next request on the same connection
 * (https://github.com/cloudflare/workers-sdk/issues/15203).
 */
const writeMain = (exported: readonly string[]) => `import worker from './index.js'
export { ${exported.filter((name) => name !== 'default').join(', ')} } from './index.js'
export default {
  ...worker,
  async fetch(request, env, context) {
    try {
      return await worker.fetch(request, env, context)
    } finally {
      if (request.body !== null && !request.bodyUsed) await request.body.pipeTo(new WritableStream()).catch(() => {})
    }
  },
}
`

/** Describes the environment of development with the bundled Worker in the place of its source. */
async function describeBuilt(): Promise<object> {
  const { experimental_readRawConfig } = await import('wrangler')
  const { rawConfig } = experimental_readRawConfig({ config: join(projectRoot, 'wrangler.toml') })
  const { build, alias, env, ...common } = rawConfig
  const { build: buildPages, ...development } = env?.development ?? {}
  const assets = { ...development.assets, directory: join(projectRoot, development.assets?.directory ?? '') }
  const main = { main: MAIN, no_bundle: true, rules: [{ type: 'ESModule', globs: ['*.js'] }] }
  return { ...common, ...main, env: { development: { ...development, assets } } }
}
