import { crc32, deflateSync } from 'node:zlib'
import vectors from '../vectors/pictures.json'

const decode = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'))

/** Files that other software has made, with what is kept of them. */
export const PICTURES = Object.fromEntries(
  Object.entries(vectors.pictures).map(([name, { file, kept, ...facts }]) => [
    name,
    { ...facts, file: decode(file), kept: decode(kept) },
  ]),
) as Record<
  keyof typeof vectors.pictures,
  { mediaType: string; width: number; height: number; file: Uint8Array<ArrayBuffer>; kept: Uint8Array<ArrayBuffer> }
>

export const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
export const joined = (...pieces: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(pieces))

/** Builds the chunk of a PNG. */
export function pngChunk(type: string, data: Uint8Array = new Uint8Array()): Uint8Array {
  const checked = Buffer.concat([latin1(type), data])
  const chunk = Buffer.alloc(checked.length + 8)
  chunk.writeUInt32BE(data.length)
  chunk.set(checked, 4)
  chunk.writeUInt32BE(crc32(checked), checked.length + 4)
  return Uint8Array.from(chunk)
}

/** Builds a PNG in shades of grey, of any size, with chunks before its pixels. Each value has another content. */
export function png({ width = 2, height = 2, value = 0, extra = [] as Uint8Array[] } = {}): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  header.set([8, 0, 0, 0, 0], 8)
  const rows = new Uint8Array(6).fill(value)
  return joined(
    latin1('\x89PNG\r\n\x1a\n'),
    pngChunk('IHDR', header),
    ...extra,
    pngChunk('IDAT', deflateSync(rows)),
    pngChunk('IEND'),
  )
}

/** Builds a PNG of exactly this many bytes. Its pixels are noise, because no reader decodes them. */
export function pngOfBytes(bytes: number): Uint8Array<ArrayBuffer> {
  const without = png().length + 12
  return png({ extra: [pngChunk('IDAT', new Uint8Array(bytes - without))] })
}
