import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { ImportReport } from '../../src/contracts/import.ts'
import worker from '../../src/index.ts'
import type { administrator } from './accounts.ts'
import { answerOf } from './answers.ts'
import { bearer, ORIGIN } from './client.ts'

export type Importer = Pick<Awaited<ReturnType<typeof administrator>>, 'tokens'>

/** Writes lines of JSON. A text stays as it is. */
export const toLines = (lines: readonly unknown[]): string =>
  lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')

/** Sends a body to `POST /users/import`, with bindings that the test chooses. */
export async function sendImport(
  { tokens }: Importer,
  body: string | ReadableStream,
  { query = '', bindings = env as Env, type = 'application/x-ndjson' } = {},
): Promise<Response> {
  const context = createExecutionContext()
  const headers = { ...bearer(tokens.accessToken), 'Content-Type': type }
  const request = new Request<unknown, IncomingRequestCfProperties>(`${ORIGIN}/users/import${query}`, {
    method: 'POST',
    headers,
    body,
  })
  const response = await worker.fetch(request, bindings, context)
  await waitOnExecutionContext(context)
  return response
}

/** Imports lines, and answers the report. */
export const importLines = async (
  importer: Importer,
  lines: readonly unknown[],
  options?: Parameters<typeof sendImport>[2],
): Promise<ImportReport> => await answerOf(await sendImport(importer, toLines(lines), options), ImportReport)

/** The report of an import in which every line became an account. */
export const allImported = (imported: number): ImportReport => ({ imported, skipped: 0, errors: [], nextLine: null })
