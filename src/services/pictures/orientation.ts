import { bytesOf, startsWith } from './byte-cursor.ts'

const TAG = 0x0112
const SHORT = 3
const ENTRY_BYTES = 12

/** A camera says which way up its picture is by a number from 1, for upright, to 8 (Exif 3.0 §4.6.5.1.6). */
export const UPRIGHT = 1

/** Reads which way up a picture is from its Exif data, which is a TIFF file. What is unreadable is upright. */
export function readOrientation(tiff: Uint8Array): number {
  const isLittleEndian = startsWith(tiff, 'II')
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  const has = (offset: number, length: number) => offset + length <= tiff.length
  if (!has(0, 8)) return UPRIGHT
  const directory = view.getUint32(4, isLittleEndian)
  if (!has(directory, 2)) return UPRIGHT
  const entries = view.getUint16(directory, isLittleEndian)
  for (let index = 0; index < entries; index += 1) {
    const entry = directory + 2 + index * ENTRY_BYTES
    if (!has(entry, ENTRY_BYTES)) return UPRIGHT
    if (view.getUint16(entry, isLittleEndian) !== TAG || view.getUint16(entry + 2, isLittleEndian) !== SHORT) continue
    const value = view.getUint16(entry + 8, isLittleEndian)
    return value >= 1 && value <= 8 ? value : UPRIGHT
  }
  return UPRIGHT
}

/** Gives the sides of a picture as it is shown. From 5 on, it is shown with its sides swapped. */
export const toShownSides = ({ width, height, orientation }: { width: number; height: number; orientation: number }) =>
  orientation < 5 ? { width, height } : { width: height, height: width }

/** Writes Exif data that says nothing but which way up the picture is, so that a portrait does not lie on its side. */
export const writeOrientation = (orientation: number): Uint8Array =>
  bytesOf('MM\0\x2a\0\0\0\x08', '\0\x01', '\x01\x12\0\x03\0\0\0\x01\0', orientation, '\0\0', '\0\0\0\0')
