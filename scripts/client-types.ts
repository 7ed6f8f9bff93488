/**
 * `npm run client-types` writes the types of the client from `openapi.json` and the table of refusals; with `--check`
 * it only says whether the committed ones are current (docs/decisions/0033-client.md).
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { REFUSALS as Refusals } from '../src/errors.ts'
import { type Document, writeClientTypes } from './lib/client-types.ts'
import { writeOrCheck } from './lib/generated-file.ts'
import { loadSource } from './lib/source.ts'
import { projectRoot } from './lib/wrangler.ts'

const document = JSON.parse(await readFile(join(projectRoot, 'openapi.json'), 'utf8')) as Document
const { REFUSALS } = await loadSource<{ REFUSALS: typeof Refusals }>('errors.ts')
const fresh = writeClientTypes(document, Object.keys(REFUSALS))
await writeOrCheck({ path: 'src/client/api-types.ts', fresh, script: 'client-types' })
