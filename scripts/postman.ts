/**
 * `npm run postman` writes the Postman collection of the API from `openapi.json`; with `--check` it only says whether
 * the committed one is current (docs/decisions/0010-openapi.md).
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApiDocument } from '../src/ui/docs/document.ts'
import { makeCollection } from './lib/postman.ts'
import { projectRoot } from './lib/wrangler.ts'

const path = join(projectRoot, 'postman.json')
const document: ApiDocument = JSON.parse(await readFile(join(projectRoot, 'openapi.json'), 'utf8'))
const fresh = `${JSON.stringify(makeCollection(document, 'http://localhost:8787'), null, 2)}\n`

if (!process.argv.includes('--check')) {
  await writeFile(path, fresh)
} else if (fresh !== (await readFile(path, 'utf8').catch(() => ''))) {
  console.error('postman.json does not agree with openapi.json. Run `npm run postman` and commit the file.')
  process.exitCode = 1
}
