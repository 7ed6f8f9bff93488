import { unsupported } from './rules.ts'

/** Reads a file from front to back. A read beyond its end refuses the file as cut short. */
export class ByteCursor {
  readonly bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get at(): number {
    return this.#at
  }

  get isAtEnd(): boolean {
    return this.#at >= this.bytes.length
  }

  take(length: number): Uint8Array {
    const start = this.#at
    if (start + length > this.bytes.length) throw unsupported('The picture is cut short.')
    this.#at += length
    return this.bytes.subarray(start, this.#at)
  }

  uint8(): number {
    return this.#view.getUint8(this.#pass(1))
  }

  uint16(isLittleEndian = false): number {
    return this.#view.getUint16(this.#pass(2), isLittleEndian)
  }

  uint32(isLittleEndian = false): number {
    return this.#view.getUint32(this.#pass(4), isLittleEndian)
  }

  /** Reads bytes as Latin-1, for the names of chunks. */
  name(length: number): string {
    return toLatin1(this.take(length))
  }

  /** Gives what was read since a place. */
  since(start: number): Uint8Array {
    return this.bytes.subarray(start, this.#at)
  }

  /** Gives what was not read yet. */
  rest(): Uint8Array {
    return this.bytes.subarray(this.#at)
  }

  #pass(length: number): number {
    return this.take(length).byteOffset - this.bytes.byteOffset
  }
}

const toLatin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

export const startsWith = (bytes: Uint8Array, latin1: string): boolean =>
  toLatin1(bytes.subarray(0, latin1.length)) === latin1

/** Builds bytes from numbers, texts in Latin-1 and other bytes. It is for what is small. */
export const bytesOf = (...pieces: readonly (number | string | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(pieces.flatMap((piece) => (typeof piece === 'number' ? [piece] : toNumbers(piece))))

const toNumbers = (piece: string | Uint8Array): number[] =>
  typeof piece === 'string' ? Array.from(piece, (character) => character.charCodeAt(0)) : [...piece]
