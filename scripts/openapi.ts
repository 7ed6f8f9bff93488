/**
 * `npm run openapi` writes the document that `/openapi.json` serves; with `--check` it only says whether the committed
 * one is current.
 */
import { writeOrCheck } from './lib/generated-file.ts'
import { makeOpenApiDocument } from './lib/openapi-document.ts'

const fresh = `${JSON.stringify(await makeOpenApiDocument(), null, 2)}\n`
await writeOrCheck({ path: 'openapi.json', fresh, script: 'openapi' })
