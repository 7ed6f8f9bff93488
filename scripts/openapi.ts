/**
 * `npm run openapi` writes the document that `/openapi.json` serves; with `--check` it only says whether the committed
 * one is current.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeOpenApiDocument } from './lib/openapi-document.ts'
import { projectRoot } from './lib/wrangler.ts'

const path = join(projectRoot, 'openapi.json')
const fresh = `${JSON.stringify(await makeOpenApiDocument(), null, 2)}\n`

if (!process.argv.includes('--check')) {
  await writeFile(path, fresh)
} else if (fresh !== (await readFile(path, 'utf8').catch(() => ''))) {
  console.error('openapi.json does not agree with the routes. Run `npm run openapi` and commit the file.')
  process.exitCode = 1
}
