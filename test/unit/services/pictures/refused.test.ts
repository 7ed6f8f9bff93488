import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PICTURE_MAX_BLOCKS } from '../../../../src/config.ts'
import { Refusal } from '../../../../src/errors.ts'
import { readPicture } from '../../../../src/services/pictures/picture.ts'
import { joined, latin1, PICTURES, png, pngChunk } from '../../../support/pictures.ts'

const named = Object.entries(PICTURES)

/** Reads a file that must be refused, and gives what the client is told. */
function detailOf(file: Uint8Array): unknown {
  try {
    readPicture(file)
  } catch (error) {
    if (error instanceof Refusal && error.code === 'unsupported_image') return error.extras.members?.detail
    throw error
  }
  throw new Error('the file was accepted')
}

/** Gives a copy of a file with other numbers at a place. */
const changed = (file: Uint8Array, at: number, numbers: readonly number[]) => {
  const copy = Uint8Array.from(file)
  copy.set(numbers, at)
  return copy
}

/** Files that a browser, an archiver or an interpreter would take for something else. */
const OTHER_FILES = {
  'an HTML page': latin1('<!doctype html><script>alert(1)</script>'),
  'a script': latin1('*/=1;alert(1)//'),
  'a ZIP archive': latin1(`PK\x03\x04${'\0'.repeat(26)}PK\x05\x06${'\0'.repeat(18)}`),
  'a PDF': latin1('%PDF-1.7\n%%EOF'),
  'a PHP script': latin1('<?php system($_GET[0]); ?>'),
  'a program': latin1('MZ\x90\0'),
}

describe('which files are refused as pictures', () => {
  it.each([
    ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    ['an SVG with a declaration', '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]><svg/>'],
    ['an HTML page', '<html><img src=x onerror=alert(1)></html>'],
    ['nothing', ''],
    ['a BMP', 'BM\x3a\0\0\0\0\0\0\0\x36\0\0\0'],
    ['an AVIF', '\0\0\0\x20ftypavif\0\0\0\0avifmif1'],
    ['a TIFF', 'II*\0\x08\0\0\0'],
    ['an icon', '\0\0\x01\0\x01\0\x10\x10'],
    ['a sound in a RIFF file', 'RIFF\x04\0\0\0WAVE'],
  ])('refuses %s, whatever it claims to be (ASVS 5.2.2)', (_, content) => {
    expect(detailOf(latin1(content))).toBe('The file is no PNG, JPEG, GIF or WebP.')
  })

  it.each(named)('refuses %s cut short at every place', (_, { file }) => {
    const details = Array.from(file, (_byte, length) => detailOf(file.subarray(0, length)))
    expect(details).not.toContain(undefined)
  })

  it.each(named)('refuses %s with another file behind it', (_, { file }) => {
    for (const [what, other] of Object.entries(OTHER_FILES))
      for (const polyglot of [joined(file, other), joined(file, new Uint8Array(9), other)])
        expect(detailOf(polyglot), what).toBe('The file has something else behind the picture.')
  })

  it('refuses a GIF that is a script: its first sizes are the beginning of a comment', () => {
    expect(detailOf(latin1('GIF89a/*\0\0\0\0\0*/=1;alert(document.domain)//;'))).toEqual(expect.any(String))
  })

  it('refuses pictures whose pixels would fill the memory of whoever shows them (ASVS 5.2.6)', () => {
    const tooMany = 'The picture has too many pixels.'
    expect(detailOf(png({ width: 50_000, height: 50_000 }))).toBe(tooMany)
    expect(detailOf(png({ width: 0x7fffffff, height: 0x7fffffff }))).toBe(tooMany)
    const { jpeg, progressiveJpeg, gif, webp, losslessWebp, webpWithMetadata } = PICTURES
    for (const { file } of [jpeg, progressiveJpeg]) {
      const frame = file.findIndex((byte, at) => byte === 0xff && [0xc0, 0xc2].includes(file[at + 1] ?? 0))
      expect(detailOf(changed(file, frame + 5, [0xff, 0xff, 0xff, 0xff]))).toBe(tooMany)
    }
    expect(detailOf(changed(gif.file, 6, [0xff, 0xff, 0xff, 0xff]))).toBe(tooMany)
    expect(detailOf(changed(webp.file, 26, [0xff, 0x3f, 0xff, 0x3f]))).toBe(tooMany)
    expect(detailOf(changed(losslessWebp.file, 21, [0xff, 0xff, 0xff, 0x0f]))).toBe(tooMany)
    expect(detailOf(changed(webpWithMetadata.file, 24, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))).toBe(tooMany)
  })

  it('refuses a frame that is larger than the picture says, and an animation of too many pixels', () => {
    const { gif, animatedPng } = PICTURES
    const frame = gif.file.lastIndexOf(0x2c, gif.file.length - 300)
    expect(detailOf(changed(gif.file, frame + 5, [0xff, 0xff, 0xff, 0xff]))).toBe('The picture has too many pixels.')
    const control = latin1(`\0\0\0\0\0\0\x1f\x40\0\0\x1f\x40${'\0'.repeat(14)}`)
    const frames = Array.from({ length: 8 }, () => pngChunk('fcTL', control))
    expect(detailOf(png({ extra: frames }))).toBe('The animation is too long.')
    expect(readPicture(animatedPng.file).width).toBe(24)
  })

  it('refuses a picture without pixels, without a header or with two', () => {
    const { jpeg, gif, webp } = PICTURES
    const [header] = [png().subarray(8, 33)]
    expect(detailOf(png({ width: 0 }))).toBe('The picture is empty.')
    expect(detailOf(joined(png().subarray(0, 33), pngChunk('IEND')))).toBe('The picture is empty.')
    expect(detailOf(png({ extra: [header] }))).toBe('The picture does not begin with one header.')
    expect(detailOf(latin1('\xff\xd8\xff\xd9'))).toBe('The picture does not begin with one header.')
    const frame = jpeg.file.findIndex((byte, at) => byte === 0xff && jpeg.file[at + 1] === 0xc0)
    const twice = joined(jpeg.file.subarray(0, frame + 19), jpeg.file.subarray(frame))
    expect(detailOf(twice)).toBe('The picture does not begin with one header.')
    expect(detailOf(changed(gif.file, 6, [0, 0]))).toBe('The picture is empty.')
    expect(detailOf(joined(changed(webp.file.subarray(0, 12), 4, [4, 0, 0, 0])))).toBe('The picture is empty.')
  })

  it('refuses a damaged PNG, and a JPEG that browsers do not show', () => {
    const file = png()
    expect(detailOf(changed(file, file.length - 20, [1, 2, 3]))).toBe('The picture is damaged.')
    const { jpeg } = PICTURES
    const frame = jpeg.file.findIndex((byte, at) => byte === 0xff && jpeg.file[at + 1] === 0xc0)
    for (const [at, value] of [
      [1, 0xc9],
      [1, 0xc3],
      [4, 12],
    ] as const)
      expect(detailOf(changed(jpeg.file, frame + at, [value]))).toBe(
        'The picture needs a decoder that browsers do not have.',
      )
  })

  it('refuses a file of so many parts that their list would fill the memory', () => {
    const many = Array.from({ length: PICTURE_MAX_BLOCKS }, () => pngChunk('seCr'))
    expect(detailOf(png({ extra: many }))).toBe('The picture has too many parts.')
  })

  it('never does anything but refuse or keep, whatever the bytes are', () => {
    const files = named.map(([, { file }]) => file)
    const spoilt = fc
      .record({
        file: fc.constantFrom(...files),
        changes: fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 8 }),
      })
      .map(({ file, changes }) => {
        const copy = Uint8Array.from(file)
        for (const [at, value] of changes) copy[at % copy.length] = value
        return copy
      })
    fc.assert(
      fc.property(spoilt, (file) => {
        try {
          const kept = joined(...readPicture(file).parts)
          return Buffer.from(kept).equals(joined(...readPicture(kept).parts))
        } catch (error) {
          return error instanceof Refusal && error.code === 'unsupported_image'
        }
      }),
      { seed: 20261122, numRuns: 3000 },
    )
  })
})
