import { PICTURE_MAX_BYTES, RETRY_AFTER_SECONDS, UPLOAD_TIMEOUT_MS } from '../config.ts'
import { PictureContent } from '../contracts/pictures.ts'
import { Refusal } from '../errors.ts'
import { reserveMemory } from '../platform/upload-memory.ts'
import { within } from '../within.ts'
import type { Body } from './body.ts'
import { type Context, platformOf } from './context.ts'

interface Upload {
  bytes: Uint8Array
  /** Gives the memory back. */
  free: () => void
}

/** The uploads that are being handled. */
const uploads = new WeakMap<Request, Upload>()

/**
 * Describes a body that is a picture, whose bytes the handler gets by `uploadOf`. No more of them are in memory than an
 * isolate has for uploads. What kind of picture they are is asked of the bytes alone, so the media type that the client
 * states does not matter.
 */
export const picture = (): Body<'image/*', typeof PictureContent> => ({
  required: true,
  media: 'image/*',
  schema: PictureContent,
  target: null,
  async read(c) {
    const stated = c.req.header('Content-Length')
    const length = stated === undefined ? PICTURE_MAX_BYTES : Number(stated)
    if (!(length <= PICTURE_MAX_BYTES)) throw new Refusal('body_too_large')
    const { uploads: memory, now } = platformOf(c)
    const free = reserveMemory(memory, length, now())
    if (free === null) {
      const reason = 'too many uploads at once'
      throw new Refusal('dependency_unavailable', { reason, retryAfterSeconds: RETRY_AFTER_SECONDS })
    }
    const upload: Upload = { bytes: new Uint8Array(), free }
    uploads.set(c.req.raw, upload)
    upload.bytes = await readWhole(c.req.raw.body, length)
  },
  release({ req }) {
    uploads.get(req.raw)?.free()
    uploads.delete(req.raw)
  },
})

export function uploadOf({ req }: Pick<Context, 'req'>): Uint8Array {
  const upload = uploads.get(req.raw)
  if (upload === undefined) throw new Error('the route takes no upload')
  return upload.bytes
}

async function readWhole(body: ReadableStream<Uint8Array> | null, length: number): Promise<Uint8Array> {
  const whole = new Uint8Array(length)
  const reader = body?.getReader()
  if (!reader) return whole.subarray(0, 0)
  try {
    return await within(UPLOAD_TIMEOUT_MS, fill(whole, reader), () => new Refusal('upload_too_slow'))
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

async function fill(whole: Uint8Array, reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  let filled = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return whole.subarray(0, filled)
    if (filled + value.length > whole.length) throw new Refusal('body_too_large')
    whole.set(value, filled)
    filled += value.length
  }
}
