import { createReadStream } from 'node:fs'

/** So many lines, or bytes of them, are sent in one request. */
const BATCH_LINES = 5000
const BATCH_BYTES = 8 * 1024 * 1024
const NEWLINE = 0x0a

/** Where the next request begins: so many lines and bytes of the file were dealt with. */
export interface Place {
  lines: number
  bytes: number
}

/** Reads whole lines of a file, from a place on. The last line need not end. */
export async function* readBatches(path: string, from: Place): AsyncGenerator<string[]> {
  let batch: string[] = []
  let size = 0
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path, { start: from.bytes }) as AsyncIterable<Buffer>) {
    const piece = Buffer.concat([rest, chunk])
    let start = 0
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      batch.push(piece.toString('utf8', start, end + 1))
      size += end + 1 - start
      start = end + 1
      if (batch.length < BATCH_LINES && size < BATCH_BYTES) continue
      yield batch
      batch = []
      size = 0
    }
    rest = piece.subarray(start)
  }
  if (rest.length > 0) batch.push(rest.toString('utf8'))
  if (batch.length > 0) yield batch
}

/** Reads the first line of a file if it says what all password hashes share, because every request has to bring it. */
export async function readHeaderLine(path: string): Promise<string | null> {
  for await (const [first = ''] of readBatches(path, { lines: 0, bytes: 0 })) {
    try {
      return 'hashParameters' in (JSON.parse(first) as object) ? first : null
    } catch {
      return null
    }
  }
  return null
}
