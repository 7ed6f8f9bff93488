import { describe, expect, it } from 'vitest'
import { type ImportStep, NOTHING_IMPORTED, NoLinesError, uploadLines } from '../../../src/domain/import-upload.ts'

const HEADER = '{"hashParameters":{}}'
const decode = (parts: readonly Uint8Array[]) => parts.map((part) => new TextDecoder().decode(part)).join('')

/** A file that comes in pieces of some bytes, and a service that takes some lines of each request. */
function bench(content: string | Uint8Array, { pieceBytes = 7, mostLines = Number.POSITIVE_INFINITY } = {}) {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const sent: string[] = []
  const upload = {
    async *read(fromByte: number) {
      for (let at = fromByte; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
    },
    async send(parts: readonly Uint8Array[]) {
      const text = decode(parts)
      sent.push(text)
      const lines = text.split(/(?<=\n)/)
      const people = lines.flatMap((line, index) =>
        line.includes('hashParameters') ? [] : [{ line, number: index + 1 }],
      )
      const taken = people.slice(0, mostLines)
      const errors = taken.flatMap(({ line, number }) =>
        line.includes('wrong') ? [{ line: number, code: 'invalid_email' }] : [],
      )
      const next = people[mostLines]?.number ?? null
      return { imported: taken.length - errors.length, skipped: 0, errors, nextLine: next }
    },
  }
  return { upload, sent }
}

async function all(steps: AsyncIterable<ImportStep>): Promise<ImportStep[]> {
  const found: ImportStep[] = []
  for await (const step of steps) found.push(step)
  return found
}

describe('uploadLines', () => {
  it('sends the bytes of each line as they are, wherever the file was cut into pieces', async () => {
    const content = '{"name":"Zoë"}\n\n{"name":"李"}'
    for (const pieceBytes of [1, 2, 3, 1000]) {
      const { upload, sent } = bench(content, { pieceBytes })
      const steps = await all(uploadLines(upload, NOTHING_IMPORTED))
      expect(sent).toEqual([content])
      const bytes = new TextEncoder().encode(content).byteLength
      expect(steps).toMatchObject([{ progress: { lines: 3, bytes, imported: 3 } }])
    }
  })

  it('does not mend what is no UTF-8, so that the service can refuse it', async () => {
    const { upload } = bench(Uint8Array.from([0x22, 0xff, 0x22, 0x0a]))
    const bytes: number[] = []
    const send = async (parts: readonly Uint8Array[]) => {
      for (const part of parts) bytes.push(...part)
      return { imported: 0, skipped: 0, errors: [{ line: 1, code: 'invalid_json' }], nextLine: null }
    }
    await all(uploadLines({ ...upload, send }, NOTHING_IMPORTED))
    expect(bytes).toEqual([0x22, 0xff, 0x22, 0x0a])
  })

  it('sends what the service has left in the next request, after the header, and numbers lines as in the file', async () => {
    const { upload, sent } = bench(`${HEADER}\na\nwrong\nb\nwrong\n`, { mostLines: 2 })
    const steps = await all(uploadLines(upload, NOTHING_IMPORTED))
    expect(sent).toEqual([`${HEADER}\na\nwrong\nb\nwrong\n`, `${HEADER}\nb\nwrong\n`])
    expect(steps.flatMap(({ errors }) => errors.map(({ line }) => line))).toEqual([3, 5])
    expect(steps.at(-1)?.progress).toMatchObject({ lines: 5, imported: 2, errors: 2 })
  })

  it('goes on behind the last line that was taken', async () => {
    const content = `${HEADER}\na\nb\nwrong\nc`
    const { upload } = bench(content, { mostLines: 2 })
    const [first] = await all(uploadLines(upload, NOTHING_IMPORTED))
    const again = bench(content)
    const steps = await all(uploadLines(again.upload, first?.progress ?? NOTHING_IMPORTED))
    expect(again.sent).toEqual([`${HEADER}\nwrong\nc`])
    expect(steps.at(-1)).toMatchObject({ progress: { lines: 5, imported: 3 }, errors: [{ line: 4 }] })
  })

  it('sends a long file in several requests, and stops when nobody asks for more', async () => {
    const { upload, sent } = bench('{}\n'.repeat(12_000), { pieceBytes: 65_536 })
    const counts = (await all(uploadLines(upload, NOTHING_IMPORTED))).map(({ progress }) => progress.lines)
    expect(counts).toEqual([5000, 10_000, 12_000])
    for await (const _ of uploadLines(upload, NOTHING_IMPORTED)) break
    expect(sent).toHaveLength(4)
  })

  it('refuses a file without lines, and sends nothing of it', async () => {
    const { upload, sent } = bench(new Uint8Array(9 * 1024 * 1024), { pieceBytes: 1024 * 1024 })
    await expect(all(uploadLines(upload, NOTHING_IMPORTED))).rejects.toThrow(NoLinesError)
    expect(sent).toEqual([])
  })

  it('sends nothing of an empty file', async () => {
    const { upload, sent } = bench('')
    expect([await all(uploadLines(upload, NOTHING_IMPORTED)), sent]).toEqual([[], []])
  })
})
