import { describe, expect, it } from 'vitest'
import { readPicture } from '../../../../src/services/pictures/picture.ts'
import { joined, latin1, PICTURES, png, pngChunk } from '../../../support/pictures.ts'

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
const keptOf = (file: Uint8Array) => joined(...readPicture(file).parts)
const named = Object.entries(PICTURES)

describe('what is kept of a picture', () => {
  it.each(named)('keeps the pixels of %s, and which way up they are shown', (_, { file, kept, ...facts }) => {
    const { parts, ...found } = readPicture(file)
    expect(found).toEqual(facts)
    expect(joined(...parts)).toEqual(kept)
  })

  it.each(named.filter(([, { file }]) => /secret/i.test(textOf(file))))(
    'removes from %s who made it, with what and where (ASVS 14.2.8)',
    (_, { file }) => {
      expect(textOf(keptOf(file))).not.toMatch(/secret|GPS|xmp|Photoshop/i)
    },
  )

  it.each(named)('finds nothing to remove from %s a second time', (_, { kept }) => {
    expect(keptOf(kept)).toEqual(kept)
  })

  it('removes every chunk of a PNG that it does not know, but refuses one that a decoder must know', () => {
    expect(keptOf(png({ extra: [pngChunk('seCr', latin1('secret'))] }))).toEqual(png())
    expect(() => readPicture(png({ extra: [pngChunk('CgBI')] }))).toThrow(
      expect.objectContaining({ code: 'unsupported_image' }),
    )
  })

  it('removes what phones put behind a JPEG: a second picture, a film, or notes', () => {
    const { file, kept } = PICTURES.jpeg
    for (const trailer of [
      joined(PICTURES.jpegOfCamera.file, latin1('more')),
      latin1('\0\0\0\x18ftypmp42secret film'),
      latin1('\0\0\x01\x0asecret notes SEFT'),
      new Uint8Array(1000),
    ])
      expect(keptOf(joined(file, trailer))).toEqual(kept)
  })

  it('removes what stands between the scans of a progressive JPEG', () => {
    const { file, kept } = PICTURES.progressiveJpeg
    const scan = file.lastIndexOf(0xda) - 1
    const comment = latin1('\xff\xfe\0\x08secret')
    expect(keptOf(joined(file.subarray(0, scan), comment, file.subarray(scan)))).toEqual(kept)
  })

  it('removes the thumbnail of JFIF, which may show more than the picture does', () => {
    const { file, kept } = PICTURES.jpeg
    const thumbnail = latin1('\xff\xe0\0\x13JFIF\0\x01\x01\0\0\x01\0\x01\x01\x01sec')
    expect(keptOf(joined(file.subarray(0, 2), thumbnail, file.subarray(20)))).toEqual(kept)
  })

  it('removes what hides in the frames of an animated WebP', () => {
    const { kept } = PICTURES.animatedWebp
    const at = textOf(kept).indexOf('ANMF')
    const size = Buffer.from(kept).readUInt32LE(at + 4)
    const hidden = latin1('hide\x06\0\0\0secret')
    const longer = Buffer.from(joined(kept.subarray(0, at + 8 + size), hidden, kept.subarray(at + 8 + size)))
    longer.writeUInt32LE(size + hidden.length, at + 4)
    longer.writeUInt32LE(longer.length - 8, 4)
    expect(keptOf(longer)).toEqual(kept)
  })

  it('takes an orientation that is out of range, or whose data is broken, for upright', () => {
    const { file, kept } = PICTURES.pngWithMetadata
    const at = textOf(file).indexOf('eXIf')
    for (const exif of [
      latin1('MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x09\0\0'),
      latin1('II*\0\xff'),
      latin1('MM'),
    ]) {
      const end = at + 8 + Buffer.from(file).readUInt32BE(at - 4)
      const changed = joined(file.subarray(0, at - 4), pngChunk('eXIf', exif), file.subarray(end))
      const result = keptOf(changed)
      expect(textOf(result)).not.toContain('eXIf')
      expect(result.length).toBe(kept.length - 38)
    }
  })
})
