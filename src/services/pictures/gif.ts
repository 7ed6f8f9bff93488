import { ByteCursor, startsWith } from './byte-cursor.ts'
import { assertNothingFollows, collect, type Picture, PixelCount, unsupported } from './rules.ts'

const SIGNATURE_BYTES = 6
const BLOCKS = { image: 0x2c, extension: 0x21, end: 0x3b }
const TIMING = 0xf9
const TIMING_BYTES = 8
/** These applications say how often an animation is repeated. */
const LOOPS = ['\x21\xff\x0bNETSCAPE2.0\x03\x01', '\x21\xff\x0bANIMEXTS1.0\x03\x01']
const LOOP_BYTES = 19

interface Block {
  kind: number
  whole: Uint8Array
}

/** Reads a GIF, and which of its blocks are kept (GIF89a §12). @throws {Refusal} `unsupported_image`. */
export function readGif(bytes: Uint8Array): Picture {
  const file = new ByteCursor(bytes)
  file.take(SIGNATURE_BYTES)
  const [width, height] = [file.uint16(true), file.uint16(true)]
  const colours = file.uint8()
  file.take(2)
  passColours(file, colours)
  const start = file.since(0)
  const blocks = readBlocks(file)
  assertNothingFollows(file.rest())
  const pixels = new PixelCount()
  const frames = blocks.filter(({ kind }) => kind === BLOCKS.image)
  if (frames.length === 0) throw unsupported('The picture is empty.')
  for (const { whole } of frames) {
    const frame = new ByteCursor(whole)
    frame.take(5)
    pixels.add(width, height)
    pixels.add(frame.uint16(true), frame.uint16(true))
  }
  return { mediaType: 'image/gif', width, height, parts: [start, ...blocks.filter(isKept).map(({ whole }) => whole)] }
}

function readBlocks(file: ByteCursor): Block[] {
  const blocks: Block[] = []
  for (let kind = 0; kind !== BLOCKS.end; ) {
    const start = file.at
    kind = file.uint8()
    if (kind === BLOCKS.image) passImage(file)
    else if (kind === BLOCKS.extension) passExtension(file)
    else if (kind !== BLOCKS.end) throw unsupported('The picture is damaged.')
    collect(blocks, { kind, whole: file.since(start) })
  }
  return blocks
}

/** Of the extensions, those are kept that say how long a frame is shown, and how often all of them. */
function isKept({ kind, whole }: Block): boolean {
  if (kind !== BLOCKS.extension) return true
  if (whole[1] === TIMING) return whole.length === TIMING_BYTES
  return whole.length === LOOP_BYTES && LOOPS.some((loop) => startsWith(whole, loop))
}

function passImage(file: ByteCursor): void {
  file.take(8)
  passColours(file, file.uint8())
  file.take(1)
  passChain(file)
}

function passExtension(file: ByteCursor): void {
  file.take(1)
  passChain(file)
}

/** Passes a table of colours, if these flags say that there is one. */
function passColours(file: ByteCursor, flags: number): void {
  if ((flags & 0x80) !== 0) file.take(3 * 2 ** ((flags & 0x07) + 1))
}

/** Passes a chain of data, which ends with an empty piece. */
function passChain(file: ByteCursor): void {
  for (let length = file.uint8(); length > 0; length = file.uint8()) file.take(length)
}
