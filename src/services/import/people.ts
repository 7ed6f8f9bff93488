import { IMPORT_EFFORT, IMPORT_MAX_EFFORT } from '../../config.ts'
import type { ImportReport } from '../../contracts/import.ts'
import type { ImportRow } from '../../storage/import.ts'
import type { Line } from './lines.ts'
import { LineFault, type NotImported, noteOutcome } from './outcome.ts'
import { type ReadingLines, readRecord } from './record.ts'

/** Somebody who is to be imported, with the number and the length of their line. */
export interface Person {
  line: number
  bytes: number
  row: ImportRow
}

/**
 * Reads the people of some lines, until the request has done enough. What is wrong with a line goes to the report, and
 * so does the line with which the next request begins.
 */
export async function* readPeople(
  deps: ReadingLines,
  lines: AsyncIterable<Line>,
  report: ImportReport,
): AsyncGenerator<Person> {
  const claim = claimOnce()
  let effort = 0
  for await (const { number: line, bytes } of lines) {
    if (effort >= IMPORT_MAX_EFFORT) {
      report.nextLine = line
      return
    }
    effort += IMPORT_EFFORT.line
    if (bytes !== null && isBlank(bytes)) continue
    try {
      if (bytes === null) throw new LineFault('line_too_long')
      const row = await readRecord(deps, bytes)
      effort += effortOf(deps, row)
      claim(row)
      yield { line, bytes: bytes.byteLength, row }
    } catch (error) {
      if (!(error instanceof LineFault)) throw error
      noteOutcome(report, line, error.code)
    }
  }
}

const SPACES: readonly number[] = [0x20, 0x09, 0x0d]
const isBlank = (bytes: Uint8Array) => bytes.every((byte) => SPACES.includes(byte))

/** A secret is sealed once under each version of `AUTH_SECRET`. */
const effortOf = ({ settings }: Pick<ReadingLines, 'settings'>, { totp, passkeys }: ImportRow) =>
  (totp === null ? 0 : IMPORT_EFFORT.totpSecret * settings.secrets.length) + passkeys.length * IMPORT_EFFORT.passkey

/**
 * Finds what only one account may have among the lines of one request, because the database does not know the others
 * yet. The first line has it, and any other is left out as if the first had been imported before.
 */
function claimOnce() {
  const known = new Set<string>()
  return ({ account, identities, passkeys }: ImportRow): void => {
    const { email, username, usernameWish } = account
    const claims: [code: NotImported, ...values: (string | null | undefined)[]][] = [
      ['skipped', email],
      ['username_taken', (username ?? usernameWish)?.toLowerCase()],
      ...identities.map(({ issuer, subject }): [NotImported, string] => ['identity_taken', `${issuer} ${subject}`]),
      ...passkeys.map(({ credentialId }): [NotImported, string] => ['passkey_exists', credentialId]),
    ]
    const keys = claims.flatMap(([code, value]) => (value == null ? [] : [{ code, key: `${code} ${value}` }]))
    const taken = keys.find(({ key }) => known.has(key))
    if (taken) throw new LineFault(taken.code)
    for (const { key } of keys) known.add(key)
  }
}
