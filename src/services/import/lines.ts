/** A line of a stream. `bytes` is null where the line is longer than was allowed, and then nobody has kept it. */
export interface Line {
  /** The first line is 1. */
  number: number
  bytes: Uint8Array | null
}

const NEWLINE = 0x0a

/** Cuts a stream into lines as it comes, and keeps no more of it than one line. */
export async function* readLines(stream: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Line> {
  let number = 0
  let size = 0
  let parts: Uint8Array[] = []
  const add = (part: Uint8Array) => {
    size += part.byteLength
    if (size <= maxBytes) parts.push(part)
    else parts = []
  }
  const takeLine = (): Line => {
    const bytes = size > maxBytes ? null : join(parts)
    number += 1
    size = 0
    parts = []
    return { number, bytes }
  }
  for await (const piece of stream) {
    let from = 0
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
      add(piece.subarray(from, end))
      yield takeLine()
      from = end + 1
    }
    add(piece.subarray(from))
  }
  if (size > 0) yield takeLine()
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  return Uint8Array.from(Buffer.concat(parts))
}
