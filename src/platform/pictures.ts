import { askDependency } from './dependency.ts'

/** Something to store: its parts are written one after another, so that no second copy of it is made. */
export interface StoredObject {
  parts: readonly Uint8Array[]
  bytes: number
  mediaType: string
  /** The hash of all parts in hexadecimal digits. The bucket compares it with what has arrived. */
  sha256: string
}

/** The bucket that keeps pictures. Each function rejects with a `DependencyError` where R2 fails or does not answer. */
export interface PictureBucket {
  put: (key: string, object: StoredObject) => Promise<void>
  /** Opens an object, or a part of it; null where there is none. */
  open: (key: string, range: { offset: number; length: number } | null) => Promise<ReadableStream | null>
  remove: (keys: string[]) => Promise<void>
}

export function openPictureBucket(bucket: R2Bucket): PictureBucket {
  const ask = <Answer>(question: () => Promise<Answer>) => askDependency('pictures', question)
  return {
    async put(key, { parts, bytes, mediaType, sha256 }) {
      await ask(async () => {
        const content = streamOf(parts).pipeThrough(new FixedLengthStream(bytes))
        await bucket.put(key, content, { sha256, httpMetadata: { contentType: mediaType } })
      })
    },
    async open(key, range) {
      const object = await ask(() => bucket.get(key, range === null ? {} : { range }))
      return object?.body ?? null
    },
    remove: (keys) => ask(() => bucket.delete(keys)),
  }
}

function streamOf(parts: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const waiting = parts.values()
  return new ReadableStream({
    pull(controller) {
      const { done, value } = waiting.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
}
