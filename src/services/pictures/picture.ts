import { readGif } from './gif.ts'
import { readJpeg } from './jpeg.ts'
import { readPng } from './png.ts'
import { type Picture, unsupported } from './rules.ts'
import { readWebp } from './webp.ts'

/** The readers by how their files begin. The dots stand for the length of a RIFF file. */
const READERS = [
  { begins: '\x89PNG\r\n\x1a\n', read: readPng },
  { begins: '\xff\xd8\xff', read: readJpeg },
  { begins: 'GIF87a', read: readGif },
  { begins: 'GIF89a', read: readGif },
  { begins: 'RIFF....WEBP', read: readWebp },
]

/**
 * Reads what kind of picture a file is by its content (ASVS 5.2.2), and what of it is kept: what says how the pixels
 * look, and nothing else. A file that is not wholly a picture is refused (docs/decisions/0031-pictures.md).
 * @throws {Refusal} `unsupported_image`.
 */
export function readPicture(bytes: Uint8Array): Picture {
  const reader = READERS.find(({ begins }) =>
    Array.from(begins).every((character, index) => character === '.' || character.charCodeAt(0) === bytes[index]),
  )
  if (!reader) throw unsupported('The file is no PNG, JPEG, GIF or WebP.')
  return reader.read(bytes)
}
