import { PICTURE_MAX_ANIMATION_PIXELS, PICTURE_MAX_BLOCKS, PICTURE_MAX_PIXELS } from '../../config.ts'
import { Refusal } from '../../errors.ts'

/** The types of pictures that browsers show everywhere. None of them can hold a script. */
export const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const

/** A picture as it is kept. */
export interface Picture {
  mediaType: (typeof PICTURE_TYPES)[number]
  /** The sides in pixels, as the picture is shown. */
  width: number
  height: number
  /** The new file: parts of the one that was sent, and what was written anew in between. None of it is a copy. */
  parts: readonly Uint8Array[]
}

/** Makes the refusal of a file that is no picture to keep. The detail tells the client why. */
export const unsupported = (detail: string): Refusal =>
  new Refusal('unsupported_image', { reason: detail, members: { detail } })

/**
 * Counts the pixels that showing a picture takes, by what its headers say. A small file can ask a viewer for gigabytes
 * of them (ASVS 5.2.6), and so can many frames.
 */
export class PixelCount {
  #ofFrames = 0

  /** Counts a frame, or the whole of a picture that does not move. @throws {Refusal} `unsupported_image`. */
  add(width: number, height: number): void {
    if (width < 1 || height < 1) throw unsupported('The picture is empty.')
    if (width * height > PICTURE_MAX_PIXELS) throw unsupported('The picture has too many pixels.')
    this.#ofFrames += width * height
    if (this.#ofFrames > PICTURE_MAX_ANIMATION_PIXELS) throw unsupported('The animation is too long.')
  }
}

/** Refuses a file that goes on after its picture, as one does that is also another file. Zeros are padding. */
export function assertNothingFollows(rest: Uint8Array): void {
  if (rest.some((byte) => byte !== 0)) throw unsupported('The file has something else behind the picture.')
}

/** Adds a block of a file to those before it, as long as they are not so many that they alone would fill the memory. */
export function collect<Block>(blocks: Block[], block: Block): void {
  if (blocks.push(block) > PICTURE_MAX_BLOCKS) throw unsupported('The picture has too many parts.')
}
