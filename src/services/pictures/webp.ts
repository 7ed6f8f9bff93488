import { ByteCursor, bytesOf, startsWith } from './byte-cursor.ts'
import { readOrientation, toShownSides, UPRIGHT, writeOrientation } from './orientation.ts'
import { assertNothingFollows, collect, type Picture, PixelCount, unsupported } from './rules.ts'

/** The chunks that say how the pixels look (RFC 9649 §2.7). All others are left out. */
const KEPT = ['VP8X', 'ICCP', 'ANIM', 'ANMF', 'ALPH', 'VP8 ', 'VP8L']
const KEPT_IN_FRAME = ['ALPH', 'VP8 ', 'VP8L']
const IMAGES = ['VP8 ', 'VP8L']
const FRAME_HEADER_BYTES = 16
const FLAGS = { exif: 0x08, xmp: 0x04 }
const VP8_START = 0x9d012a
const VP8L_START = 0x2f
const EXIF = 'Exif\0\0'

interface Chunk {
  type: string
  data: Uint8Array
}
type Sides = [width: number, height: number]

/** Reads a WebP, and which of its chunks are kept. @throws {Refusal} `unsupported_image`. */
export function readWebp(bytes: Uint8Array): Picture {
  const file = new ByteCursor(bytes)
  file.take(4)
  const riff = new ByteCursor(file.take(file.uint32(true)))
  assertNothingFollows(file.rest())
  riff.take(4)
  const chunks = readChunks(riff)
  const [width, height] = countPixels(chunks)
  const orientation = orientationOf(chunks)
  const kept = chunks.filter(({ type }) => KEPT.includes(type))
  const pieces = kept.flatMap((chunk) => writeChunk(chunk.type, piecesOf(chunk, orientation)))
  if (orientation !== UPRIGHT) pieces.push(...writeChunk('EXIF', [writeOrientation(orientation)]))
  const parts = [bytesOf('RIFF', ...toLittleEndian(4 + lengthOf(pieces)), 'WEBP'), ...pieces]
  return { mediaType: 'image/webp', ...toShownSides({ width, height, orientation }), parts }
}

function readChunks(file: ByteCursor): Chunk[] {
  const chunks: Chunk[] = []
  while (!file.isAtEnd) {
    const type = file.name(4)
    const data = file.take(file.uint32(true))
    if (data.length % 2 === 1 && !file.isAtEnd) file.take(1)
    collect(chunks, { type, data })
  }
  return chunks
}

const framesOf = (chunks: readonly Chunk[]): Chunk[] =>
  chunks.flatMap(({ type, data }) =>
    type === 'ANMF' ? readChunks(new ByteCursor(data.subarray(FRAME_HEADER_BYTES))) : [],
  )

/** Counts the pixels of the canvas and of every image, which need not agree, and gives the sides of the picture. */
function countPixels(chunks: readonly Chunk[]): Sides {
  const images = [...chunks, ...framesOf(chunks)].filter(({ type }) => IMAGES.includes(type))
  const [first] = chunks
  const [image] = images
  if (!first || !image) throw unsupported('The picture is empty.')
  const pixels = new PixelCount()
  for (const one of images) pixels.add(...readImage(one))
  const sides = first.type === 'VP8X' ? readCanvas(first) : readImage(image)
  for (const _ of images) pixels.add(...sides)
  return sides
}

function readCanvas({ data }: Chunk): Sides {
  const canvas = new ByteCursor(data)
  canvas.take(4)
  const side = () => canvas.uint16(true) + canvas.uint8() * 0x10000 + 1
  return [side(), side()]
}

/** Reads the sides of an image from its own header (RFC 6386 §9.1, RFC 9649 §3.4). */
function readImage({ type, data }: Chunk): Sides {
  const image = new ByteCursor(data)
  if (type === 'VP8L') {
    if (image.uint8() !== VP8L_START) throw unsupported('The picture is damaged.')
    const sides = image.uint32(true)
    return [(sides & 0x3fff) + 1, ((sides >>> 14) & 0x3fff) + 1]
  }
  image.take(3)
  if (image.uint16() * 0x100 + image.uint8() !== VP8_START) throw unsupported('The picture is damaged.')
  return [image.uint16(true) & 0x3fff, image.uint16(true) & 0x3fff]
}

/** Reads which way up the picture is. Some writers begin the data as in a JPEG. Only an extended file may have it. */
function orientationOf(chunks: readonly Chunk[]): number {
  const exif = chunks.find(({ type }) => type === 'EXIF')
  if (chunks[0]?.type !== 'VP8X' || exif === undefined) return UPRIGHT
  return readOrientation(startsWith(exif.data, EXIF) ? exif.data.subarray(EXIF.length) : exif.data)
}

/** Gives the pieces that a kept chunk consists of in the new file. */
function piecesOf({ type, data }: Chunk, orientation: number): Uint8Array[] {
  if (type === 'VP8X') {
    const others = (data[0] ?? 0) & ~(FLAGS.exif | FLAGS.xmp)
    return [bytesOf(orientation === UPRIGHT ? others : others | FLAGS.exif), data.subarray(1)]
  }
  if (type !== 'ANMF') return [data]
  const inner = framesOf([{ type, data }]).filter((chunk) => KEPT_IN_FRAME.includes(chunk.type))
  const pieces = inner.flatMap((chunk) => writeChunk(chunk.type, [chunk.data]))
  return [data.subarray(0, FRAME_HEADER_BYTES), ...pieces]
}

function writeChunk(type: string, pieces: readonly Uint8Array[]): Uint8Array[] {
  const length = lengthOf(pieces)
  return [bytesOf(type, ...toLittleEndian(length)), ...pieces, ...(length % 2 === 1 ? [bytesOf(0)] : [])]
}

const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0)

const toLittleEndian = (value: number): number[] => [0, 8, 16, 24].map((bits) => (value >>> bits) & 0xff)
