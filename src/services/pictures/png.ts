import { ByteCursor, bytesOf } from './byte-cursor.ts'
import { readOrientation, toShownSides, UPRIGHT, writeOrientation } from './orientation.ts'
import { assertNothingFollows, collect, type Picture, PixelCount, unsupported } from './rules.ts'

const SIGNATURE_BYTES = 8
const HEADER_BYTES = 13

/** It is loaded with the first picture, so that no other start of the Worker waits for it. */
const crc32 = (bytes: Uint8Array): number => process.getBuiltinModule('node:zlib').crc32(bytes)

/** The chunks that say how the pixels look (PNG, Third Edition, §11). All others are left out. */
const KEPT = [
  ...['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND', 'acTL', 'fcTL', 'fdAT'],
  ...['gAMA', 'cHRM', 'sRGB', 'iCCP', 'cICP', 'mDCV', 'cLLI', 'sBIT', 'bKGD'],
]

interface Chunk {
  type: string
  data: Uint8Array
  /** The chunk with its length, its name and its checksum. */
  whole: Uint8Array
}

/** Reads a PNG, and which of its chunks are kept. @throws {Refusal} `unsupported_image`. */
export function readPng(bytes: Uint8Array): Picture {
  const file = new ByteCursor(bytes)
  const signature = file.take(SIGNATURE_BYTES)
  const chunks = readChunks(file)
  assertNothingFollows(file.rest())
  const all = (type: string) => chunks.filter((chunk) => chunk.type === type)
  const [header, ...others] = chunks
  if (header?.type !== 'IHDR' || header.data.length !== HEADER_BYTES || all('IHDR').length > 1)
    throw unsupported('The picture does not begin with one header.')
  if (all('IDAT').length === 0) throw unsupported('The picture is empty.')
  const [width, height] = sidesOf(header.data)
  const pixels = new PixelCount()
  pixels.add(width, height)
  for (const { data } of all('fcTL')) pixels.add(...sidesOf(data.subarray(4)))
  const [exif] = all('eXIf')
  const orientation = exif === undefined ? UPRIGHT : readOrientation(exif.data)
  const turned = orientation === UPRIGHT ? [] : [writeChunk('eXIf', writeOrientation(orientation))]
  const kept = others.filter(({ type }) => KEPT.includes(type)).map(({ whole }) => whole)
  const parts = [signature, header.whole, ...turned, ...kept]
  return { mediaType: 'image/png', ...toShownSides({ width, height, orientation }), parts }
}

/** Reads all chunks. Those that are left out may be damaged. */
function readChunks(file: ByteCursor): Chunk[] {
  const chunks: Chunk[] = []
  for (let type = ''; type !== 'IEND'; ) {
    const start = file.at
    const length = file.uint32()
    type = file.name(4)
    const data = file.take(length)
    const sum = crc32(file.since(start + 4))
    const isRight = file.uint32() === sum
    const isKept = KEPT.includes(type)
    if (isKept && !isRight) throw unsupported('The picture is damaged.')
    if (!isKept && isCritical(type)) throw unsupported('The picture needs a decoder that browsers do not have.')
    collect(chunks, { type, data, whole: file.since(start) })
  }
  return chunks
}

/** A decoder may leave out a chunk whose name begins with a small letter, and no other (§5.4). */
const isCritical = (type: string): boolean => !/^[a-z]/.test(type)

function sidesOf(data: Uint8Array): [number, number] {
  const sides = new ByteCursor(data)
  return [sides.uint32(), sides.uint32()]
}

function writeChunk(type: string, data: Uint8Array): Uint8Array {
  const checked = bytesOf(type, data)
  return bytesOf(...toBigEndian(data.length), checked, ...toBigEndian(crc32(checked)))
}

const toBigEndian = (value: number): number[] => [24, 16, 8, 0].map((bits) => (value >>> bits) & 0xff)
