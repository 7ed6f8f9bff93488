/**
 * `npm run openapi` writes the document that `/openapi.json` serves; with `--check` it only says whether the committed
 * one is current.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadSource } from './lib/source.ts'
import { projectRoot } from './lib/wrangler.ts'

/** This is all that the script uses of the app, whose full type needs the types of the Worker. */
interface AppModule {
  app: { getOpenAPI31Document(document: object): object }
}

const path = join(projectRoot, 'openapi.json')
const { app } = await loadSource<AppModule>('app.ts')
const { OPENAPI_DOCUMENT } = await loadSource<{ OPENAPI_DOCUMENT: object }>('http/openapi.ts')
const fresh = `${JSON.stringify(app.getOpenAPI31Document(OPENAPI_DOCUMENT), null, 2)}\n`

if (!process.argv.includes('--check')) {
  await writeFile(path, fresh)
} else if (fresh !== (await readFile(path, 'utf8').catch(() => ''))) {
  console.error('openapi.json does not agree with the routes. Run `npm run openapi` and commit the file.')
  process.exitCode = 1
}
