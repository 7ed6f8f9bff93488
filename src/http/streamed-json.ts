import type { AnyContext } from './context.ts'

/**
 * Answers with JSON whose last member is a file in base64. The file goes through as it comes, so that it may be larger
 * than what the isolate could hold.
 */
export function answerWithFile(
  c: AnyContext,
  value: object,
  { name, file }: { name: string; file: ReadableStream },
): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(inBase64(JSON.stringify(value), name))
  c.executionCtx.waitUntil(file.pipeTo(writable).catch(() => undefined))
  return c.body(readable, 200, { 'Content-Type': 'application/json' })
}

/** Writes the file between what stands before it and the end of the JSON. Three bytes make four characters. */
function inBase64(json: string, name: string): Transformer<Uint8Array, Uint8Array> {
  const encoder = new TextEncoder()
  let left = new Uint8Array()
  return {
    start(controller) {
      controller.enqueue(encoder.encode(`${json.slice(0, -1)},${JSON.stringify(name)}:"`))
    },
    transform(chunk, controller) {
      const bytes = Buffer.concat([left, chunk])
      const whole = bytes.length - (bytes.length % 3)
      controller.enqueue(encoder.encode(bytes.toString('base64', 0, whole)))
      left = Uint8Array.from(bytes.subarray(whole))
    },
    flush(controller) {
      controller.enqueue(encoder.encode(`${Buffer.from(left).toString('base64')}"}`))
    },
  }
}
