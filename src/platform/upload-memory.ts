import { UPLOAD_FORGET_MS, UPLOADS_MAX_BYTES } from '../config.ts'

/**
 * The memory that the uploads of one isolate take. It holds only values, so that no request waits for another's
 * promise.
 */
export type UploadMemory = Map<symbol, { bytes: number; until: number }>

/**
 * Reserves memory for an upload, and gives the function that frees it; null where there is not enough. A reservation
 * ends by itself, because nobody frees that of a request whose client has gone.
 */
export function reserveMemory(memory: UploadMemory, bytes: number, nowMs: number): (() => void) | null {
  for (const [upload, { until }] of memory) if (until <= nowMs) memory.delete(upload)
  const taken = [...memory.values()].reduce((sum, upload) => sum + upload.bytes, 0)
  if (taken + bytes > UPLOADS_MAX_BYTES) return null
  const upload = Symbol()
  memory.set(upload, { bytes, until: nowMs + UPLOAD_FORGET_MS })
  return () => memory.delete(upload)
}
