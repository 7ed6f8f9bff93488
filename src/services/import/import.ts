import { IMPORT_CHUNK_BYTES, IMPORT_CHUNK_LINES, IMPORT_LINE_MAX_BYTES } from '../../config.ts'
import type { ImportReport } from '../../contracts/import.ts'
import { Refusal } from '../../errors.ts'
import type { Platform, Reading, Recording } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { putHashParametersStatement } from '../../storage/accounts/hash-parameters.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { importAuditStatements, importStatements, listNotImportedStatement } from '../../storage/import.ts'
import { recountStatements } from '../../storage/stats.ts'
import { factorKindsOf } from '../stats/follower.ts'
import { type Header, readHeader } from './header.ts'
import { readLines } from './lines.ts'
import { type NotImported, noteOutcome } from './outcome.ts'
import { type Person, readPeople } from './people.ts'

type Needs = Reading & Recording & Pick<Platform, 'providers'>

/**
 * Imports people line by line, some hundred in a batch. Whoever has an account already is skipped, so the same lines
 * may be sent again, for example after an answer that was lost. A request that had enough to do says with which line
 * the next one begins. Where the database fails, the chunks before stay imported.
 * @throws {Refusal} `invalid_request` for a wrong header line; `forbidden` where the administrator may import no more.
 */
export async function importUsers(
  platform: Needs,
  admin: Account,
  { body, isDryRun }: { body: AsyncIterable<Uint8Array>; isDryRun: boolean },
): Promise<ImportReport> {
  // Everything that one request makes bears one time, by which its events are found for an account.
  const at = platform.now()
  const deps = { ...platform, now: () => at }
  const report: ImportReport = { imported: 0, skipped: 0, errors: [], nextLine: null }
  const { header, lines } = await readHeader(deps, readLines(body, IMPORT_LINE_MAX_BYTES))
  const people = readPeople({ ...deps, parameters: header?.parameters ?? null }, lines, report)
  for await (const chunk of inChunks(people)) await importChunk(deps, admin, { chunk, header, isDryRun, report })
  report.errors.sort((one, other) => one.line - other.line)
  return report
}

async function* inChunks(people: AsyncIterable<Person>): AsyncGenerator<Person[]> {
  let chunk: Person[] = []
  let bytes = 0
  for await (const person of people) {
    if (chunk.length === IMPORT_CHUNK_LINES || bytes + person.bytes > IMPORT_CHUNK_BYTES) {
      yield chunk
      chunk = []
      bytes = 0
    }
    chunk.push(person)
    bytes += person.bytes
  }
  if (chunk.length > 0) yield chunk
}

interface Chunk {
  chunk: readonly Person[]
  header: Header | null
  isDryRun: boolean
  report: ImportReport
}

/** Writes a chunk in one batch, or only asks what would come of it, and adds the outcome of each line to the report. */
async function importChunk(deps: Needs, admin: Account, { chunk, header, isDryRun, report }: Chunk): Promise<void> {
  const { db, requester } = deps
  const rows = chunk.map(({ row }) => row)
  const ids = rows.map(({ account }) => account.id)
  const act = { adminId: admin.id, rows, at: deps.now(), isDryRun }
  const written = {
    parameters: header && putHashParametersStatement(db, header.sealed),
    ...importStatements(db, act),
    counted: recountStatements(db, ids, factorKindsOf),
  }
  const { left } = await inOneBatch(db, {
    left: listNotImportedStatement(db, act),
    ...(isDryRun ? {} : written),
    audit: importAuditStatements(db, act, requester),
  })
  const codes = new Map(left.map(({ id, code }) => [id, code]))
  if (left.some(({ code }) => code === 'forbidden'))
    throw new Refusal('forbidden', { reason: 'lost the permission meanwhile' })
  for (const { line, row } of chunk)
    noteOutcome(report, line, (codes.get(row.account.id) ?? null) as NotImported | null)
}
