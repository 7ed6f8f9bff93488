import { ImportHeader } from '../../contracts/import.ts'
import { sealHashParameters } from '../../crypto/hash-parameter-seals.ts'
import { type HashParameters, nameHashParameters } from '../../crypto/password-hash/parameters.ts'
import { checkHashParameters } from '../../crypto/password-hash/registry.ts'
import { readStrictJson } from '../../domain/strict-json.ts'
import { Refusal } from '../../errors.ts'
import type { Reading } from '../../platform/platform.ts'
import type { putHashParametersStatement } from '../../storage/accounts/hash-parameters.ts'
import type { Line } from './lines.ts'

/** What all password hashes of a request share, and the row that keeps it. */
export interface Header {
  parameters: HashParameters
  sealed: Parameters<typeof putHashParametersStatement>[1]
}

/**
 * Reads the first line, which may be a header and no person. It answers the lines that are people.
 * @throws {Refusal} `invalid_request` for a header that breaks the rules.
 */
export async function readHeader(
  deps: Pick<Reading, 'settings' | 'now'>,
  lines: AsyncGenerator<Line>,
): Promise<{ header: Header | null; lines: AsyncIterable<Line> }> {
  const first = await lines.next()
  const given = first.done ? null : findHeader(first.value)
  if (given === null) return { header: null, lines: first.done ? lines : withFirst(first.value, lines) }
  const { data, error } = ImportHeader.safeParse(given)
  if (data === undefined) {
    const errors = error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }))
    throw new Refusal('invalid_request', { errors })
  }
  const parameters = data.hashParameters
  if (!checkHashParameters(parameters)) {
    const message = 'Production cannot verify hashes with these parameters, or they are not those of Firebase.'
    throw new Refusal('invalid_request', { errors: [{ path: 'hashParameters.firebaseScrypt', message }] })
  }
  const sealed = await sealHashParameters(deps.settings.secrets, parameters)
  return {
    header: { parameters, sealed: { id: nameHashParameters(parameters), ...sealed, importedAt: deps.now() } },
    lines,
  }
}

function findHeader({ bytes }: Line): object | null {
  const json = bytes === null ? null : readStrictJson(bytes)
  const value = json?.ok ? json.value.value : null
  return typeof value === 'object' && value !== null && 'hashParameters' in value ? value : null
}

async function* withFirst(first: Line, others: AsyncGenerator<Line>): AsyncGenerator<Line> {
  yield first
  yield* others
}
