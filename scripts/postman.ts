/**
 * `npm run postman` writes the Postman collection of the API from `openapi.json`; with `--check` it only says whether
 * the committed one is current (docs/decisions/0010-openapi.md).
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApiDocument } from '../src/ui/docs/document.ts'
import { writeOrCheck } from './lib/generated-file.ts'
import { makeCollection } from './lib/postman.ts'
import { projectRoot } from './lib/wrangler.ts'

const document: ApiDocument = JSON.parse(await readFile(join(projectRoot, 'openapi.json'), 'utf8'))
const fresh = `${JSON.stringify(makeCollection(document, 'http://localhost:8787'), null, 2)}\n`
await writeOrCheck({ path: 'postman.json', fresh, script: 'postman' })
