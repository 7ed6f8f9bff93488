/** So many lines, or bytes of them, are sent in one request. */
const BATCH_LINES = 5000
const BATCH_BYTES = 8 * 1024 * 1024
const NEWLINE = 0x0a

type Bytes = Uint8Array<ArrayBuffer>

/** How far an import has come: so many lines and bytes of the file were dealt with, and what became of the lines. */
export interface ImportProgress {
  lines: number
  bytes: number
  imported: number
  skipped: number
  errors: number
}

export const NOTHING_IMPORTED: ImportProgress = { lines: 0, bytes: 0, imported: 0, skipped: 0, errors: 0 }

export interface LineError {
  line: number
  code: string
}

/** The answer of `POST /users/import`. */
export interface ImportAnswer {
  imported: number
  skipped: number
  errors: readonly LineError[]
  nextLine: number | null
}

export interface ImportUpload {
  /** Reads the file from a byte on. */
  read(fromByte: number): AsyncIterable<Uint8Array>
  /** Sends whole lines to the service. */
  send(lines: readonly Bytes[]): Promise<ImportAnswer>
}

/** What one request has done. */
export interface ImportStep {
  progress: ImportProgress
  /** The lines that it refused, by their numbers in the file. */
  errors: readonly LineError[]
}

/** The file has no lines, as a picture or an archive has none. */
export class NoLinesError extends Error {
  override readonly name = 'NoLinesError'
}

/**
 * Sends a file line by line, some thousand in a request, from where an import has come on. It gives a step after each
 * request, so whoever stops asking for steps stops the import. The bytes of a line are sent as they are, because the
 * service refuses what is no UTF-8. Lines that are sent twice do no harm: the service skips whoever has an account.
 * @throws {NoLinesError}
 */
export async function* uploadLines({ read, send }: ImportUpload, from: ImportProgress): AsyncGenerator<ImportStep> {
  const header = await readHeaderLine(read(0))
  let progress = from
  for await (const batch of readBatches(read(from.bytes)))
    for (let lines = batch; lines.length > 0; ) {
      const brought = header !== null && progress.lines > 0 ? [header] : []
      const report = await send([...brought, ...lines])
      const step = takeStep(progress, { lines, report, brought: brought.length })
      lines = lines.slice(step.progress.lines - progress.lines)
      progress = step.progress
      yield step
    }
}

/** Adds up what became of the lines. The service may have left some of them for the next request. */
function takeStep(
  before: ImportProgress,
  { lines, report, brought }: { lines: readonly Bytes[]; report: ImportAnswer; brought: number },
): ImportStep {
  const { imported, skipped, errors, nextLine } = report
  const done = nextLine === null ? lines.length : nextLine - 1 - brought
  return {
    progress: {
      lines: before.lines + done,
      bytes: before.bytes + lines.slice(0, done).reduce((sum, { byteLength }) => sum + byteLength, 0),
      imported: before.imported + imported,
      skipped: before.skipped + skipped,
      errors: before.errors + errors.length,
    },
    errors: errors.map(({ line, code }) => ({ line: before.lines + line - brought, code })),
  }
}

/** Cuts a file into lines, each with its end, and gives some thousand at a time. The last line need not end. */
async function* readBatches(file: AsyncIterable<Uint8Array>): AsyncGenerator<Bytes[]> {
  let batch: Bytes[] = []
  let size = 0
  let rest: Bytes = new Uint8Array()
  for await (const chunk of file) {
    const piece = join(rest, chunk)
    let start = 0
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      batch.push(piece.subarray(start, end + 1))
      size += end + 1 - start
      start = end + 1
      if (batch.length < BATCH_LINES && size < BATCH_BYTES) continue
      yield batch
      batch = []
      size = 0
    }
    rest = piece.subarray(start)
    // The service takes lines of less than a hundredth of that.
    if (rest.byteLength > BATCH_BYTES) throw new NoLinesError('The file has no lines.')
  }
  if (rest.byteLength > 0) batch.push(rest)
  if (batch.length > 0) yield batch
}

function join(one: Uint8Array, other: Uint8Array): Bytes {
  const both = new Uint8Array(one.byteLength + other.byteLength)
  both.set(one)
  both.set(other, one.byteLength)
  return both
}

/** Reads the first line of a file if it says what all password hashes share, because every request has to bring it. */
async function readHeaderLine(file: AsyncIterable<Uint8Array>): Promise<Bytes | null> {
  for await (const [first] of readBatches(file)) return first !== undefined && isHeader(first) ? first : null
  return null
}

function isHeader(line: Bytes): boolean {
  try {
    return 'hashParameters' in (JSON.parse(new TextDecoder().decode(line)) as object)
  } catch {
    return false
  }
}
