import { ByteCursor, bytesOf, startsWith } from './byte-cursor.ts'
import { readOrientation, toShownSides, UPRIGHT, writeOrientation } from './orientation.ts'
import { assertNothingFollows, collect, type Picture, PixelCount, unsupported } from './rules.ts'

const START = bytesOf('\xff\xd8')
const END = bytesOf('\xff\xd9')

/** The markers of segments that say how the pixels look (ITU-T T.81, Table B.1). */
const MARKERS = { huffman: 0xc4, quantization: 0xdb, restart: 0xdd, scan: 0xda, end: 0xd9 }
/** Browsers show these three kinds: baseline, extended and progressive, all with Huffman coding. */
const FRAMES = [0xc0, 0xc1, 0xc2]
const KEPT = [...FRAMES, MARKERS.huffman, MARKERS.quantization, MARKERS.restart, MARKERS.scan]

const EXIF = 'Exif\0\0'
/** JFIF without a thumbnail and without a resolution. Its presence says what the colours are. */
const PLAIN_JFIF = bytesOf('\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0')
const ADOBE_BYTES = 12

interface Segment {
  marker: number
  data: Uint8Array
  /** The segment with its marker, and with the pixels where it begins a scan. */
  whole: Uint8Array
}

/** Reads a JPEG, and which of its segments are kept. @throws {Refusal} `unsupported_image`. */
export function readJpeg(bytes: Uint8Array): Picture {
  const file = new ByteCursor(bytes)
  file.take(START.length)
  const segments = readSegments(file)
  if (!isFromCamera(file.rest())) assertNothingFollows(file.rest())
  const sides = readSides(segments)
  const orientation = orientationOf(segments)
  const isJfif = segments.some(({ marker, data }) => marker === 0xe0 && startsWith(data, 'JFIF\0'))
  const exif = orientation === UPRIGHT ? [] : [writeExif(orientation)]
  const kept = segments.filter((segment) => isKept(segment) || isAboutColour(segment)).map(({ whole }) => whole)
  const parts = [START, ...(isJfif ? [PLAIN_JFIF] : []), ...exif, ...kept, END]
  return { mediaType: 'image/jpeg', ...toShownSides({ ...sides, orientation }), parts }
}

/** Reads all segments up to the end of the picture. */
function readSegments(file: ByteCursor): Segment[] {
  const segments: Segment[] = []
  for (let marker = readMarker(file); marker !== MARKERS.end; marker = readMarker(file)) {
    const start = file.at - 2
    const data = file.take(Math.max(file.uint16() - 2, 0))
    if (marker === MARKERS.scan) passScan(file)
    const segment = { marker, data, whole: file.since(start) }
    if (!isKept(segment) && !isForApplications(segment))
      throw unsupported('The picture needs a decoder that browsers do not have.')
    collect(segments, segment)
  }
  return segments
}

/** Reads a marker, before which any number of fill bytes may stand (§B.1.1.2). */
function readMarker(file: ByteCursor): number {
  if (file.uint8() !== 0xff) throw unsupported('The picture is damaged.')
  let marker = file.uint8()
  while (marker === 0xff) marker = file.uint8()
  return marker
}

/** Passes the pixels of a scan: up to the next 0xff that is neither escaped nor a restart (§B.1.1.5). */
function passScan(file: ByteCursor): void {
  const { bytes } = file
  let at = file.at
  for (;;) {
    at = bytes.indexOf(0xff, at)
    const next = at < 0 ? undefined : bytes[at + 1]
    if (next === undefined) throw unsupported('The picture is cut short.')
    const isRestart = next >= 0xd0 && next <= 0xd7
    if (next !== 0 && next !== 0xff && !isRestart) break
    at += next === 0xff ? 1 : 2
  }
  file.take(at - file.at)
}

/** Reads the sides from the one header that stands before the pixels. */
function readSides(segments: readonly Segment[]): { width: number; height: number } {
  const places = segments.flatMap(({ marker }, index) => (FRAMES.includes(marker) ? [index] : []))
  const [place = segments.length] = places
  const scan = segments.findIndex(({ marker }) => marker === MARKERS.scan)
  const header = segments[place]
  if (!header || places.length > 1 || scan < place) throw unsupported('The picture does not begin with one header.')
  const frame = new ByteCursor(header.data)
  if (frame.uint8() !== 8) throw unsupported('The picture needs a decoder that browsers do not have.')
  const [height, width] = [frame.uint16(), frame.uint16()]
  new PixelCount().add(width, height)
  return { width, height }
}

const isKept = ({ marker }: Segment): boolean => KEPT.includes(marker)

const isForApplications = ({ marker }: Segment): boolean => (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe

/** Tells whether a segment is a colour profile, or Adobe's note on how the colours are coded. */
const isAboutColour = ({ marker, data }: Segment): boolean =>
  (marker === 0xe2 && startsWith(data, 'ICC_PROFILE\0')) ||
  (marker === 0xee && startsWith(data, 'Adobe') && data.length === ADOBE_BYTES)

function orientationOf(segments: readonly Segment[]): number {
  const exif = segments.find(({ marker, data }) => marker === 0xe1 && startsWith(data, EXIF))
  return exif === undefined ? UPRIGHT : readOrientation(exif.data.subarray(EXIF.length))
}

function writeExif(orientation: number): Uint8Array {
  const data = bytesOf(EXIF, writeOrientation(orientation))
  return bytesOf('\xff\xe1\0', data.length + 2, data)
}

/**
 * Tells whether what follows a picture is what phones put there: a second JPEG with depth or brightness, a short film,
 * or the notes of Samsung. It is left out like all else.
 */
const isFromCamera = (rest: Uint8Array): boolean =>
  startsWith(rest, '\xff\xd8\xff') || startsWith(rest.subarray(4), 'ftyp') || startsWith(rest.subarray(-4), 'SEFT')
