import { bodyLimit } from 'hono/body-limit'
import type * as z from 'zod'
import { FORM_BODY_MAX_BYTES, JSON_BODY_MAX_BYTES } from '../config.ts'
import { readStrictJson } from '../domain/strict-json.ts'
import { Refusal } from '../errors.ts'
import type { AnyContext } from './context.ts'

/** JSON may name a charset, which must be UTF-8. */
const JSON_MEDIA = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i
const FORM_MEDIA = /^application\/x-www-form-urlencoded\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i
const LINES_MEDIA = /^application\/x-ndjson\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i

/**
 * A body as a route states it: `json(Schema)`, `optionalJson(Schema)`, `form(Schema, 'token')`, `lines(Schema)` or
 * `picture()`.
 */
export interface Body<Media extends string = string, Schema extends z.ZodType = z.ZodType> {
  required: boolean
  media: Media
  schema: Schema
  /** The name under which a handler reads it with `c.req.valid()`; null where it reads the stream itself. */
  target: 'json' | 'form' | null
  /** Reads the body strictly and within bounds, before its schema is asked. It leaves a stream unread. */
  read(c: AnyContext): Promise<void>
  /** Gives back what reading has taken, once the request is answered or refused. */
  release?(c: AnyContext): void
}

const readJson = readBody(JSON_BODY_MAX_BYTES, (bytes, mediaType) => {
  if (bytes.byteLength === 0) throw invalid('Send a body.')
  assertMediaType(mediaType, JSON_MEDIA)
  return readJsonText(bytes)
})

const readOptionalJson = readBody(JSON_BODY_MAX_BYTES, (bytes, mediaType) => {
  if (bytes.byteLength === 0 && mediaType === '') return ''
  assertMediaType(mediaType, JSON_MEDIA)
  return readJsonText(bytes)
})

/**
 * Describes a JSON body. A request without one is refused, because without a content type its schema would be asked for
 * `{}`.
 */
export const json = <Schema extends z.ZodType>(schema: Schema): Body<'application/json', Schema> => ({
  required: true,
  media: 'application/json',
  schema,
  target: 'json',
  read: readJson,
})

/** Describes a JSON body that may be absent; its schema is then asked for `{}`. */
export const optionalJson = <Schema extends z.ZodType>(schema: Schema): Body<'application/json', Schema> => ({
  required: false,
  media: 'application/json',
  schema,
  target: 'json',
  read: readOptionalJson,
})

/** Describes a form of the OAuth endpoints (RFC 6749 Appendix B), with the one parameter that it must have. */
export const form = <Schema extends z.ZodType>(
  schema: Schema,
  required: string,
): Body<'application/x-www-form-urlencoded', Schema> => ({
  required: true,
  media: 'application/x-www-form-urlencoded',
  schema,
  target: 'form',
  read: readBody(FORM_BODY_MAX_BYTES, (bytes, mediaType) => {
    assertMediaType(mediaType, FORM_MEDIA)
    return readStrictForm(bytes, required)
  }),
})

/** Describes lines of JSON, which the handler reads one by one as they come. The schema only stands in the document. */
export const lines = <Schema extends z.ZodType>(schema: Schema): Body<'application/x-ndjson', Schema> => ({
  required: true,
  media: 'application/x-ndjson',
  schema,
  target: null,
  read: async (c) => assertMediaType(c.req.header('Content-Type') ?? '', LINES_MEDIA),
})

/**
 * Reads a body as text if it is what the route takes. Reading stops at the limit, even where no `Content-Length` says
 * how much is to come. Hono is given the text, because it would make a response of the bytes to read them once more.
 */
function readBody(maxSize: number, readFit: (bytes: ArrayBuffer, mediaType: string) => string): Body['read'] {
  const onError = () => {
    throw new Refusal('body_too_large')
  }
  const limit = bodyLimit({ maxSize, onError })
  return async (c) => {
    await limit(c, async () => undefined)
    const text = readFit(await c.req.raw.arrayBuffer(), c.req.header('Content-Type') ?? '')
    Object.assign(c.req.bodyCache, { text: Promise.resolve(text) })
  }
}

function assertMediaType(given: string, expected: RegExp): void {
  if (!expected.test(given)) throw new Refusal('unsupported_media_type')
}

function readJsonText(bytes: ArrayBuffer): string {
  const read = readStrictJson(bytes)
  if (!read.ok) throw invalid(read.error)
  return read.value.text
}

/**
 * Refuses a parameter that occurs twice (RFC 6749 §3.2). The answer has a member `error`, because OAuth clients look
 * for it (§5.2).
 */
function readStrictForm(bytes: ArrayBuffer, required: string): string {
  const members = { error: 'invalid_request' }
  const text = new TextDecoder().decode(bytes)
  const parameters = new URLSearchParams(text)
  const names = [...parameters.keys()]
  if (new Set(names).size < names.length) throw invalid('Send each parameter once.', { members })
  if (!parameters.get(required)) throw invalid('Send this parameter.', { path: required, members })
  return text
}

function invalid(
  message: string,
  { path = '', ...extras }: { path?: string; members?: { error: string } } = {},
): Refusal {
  return new Refusal('invalid_request', { errors: [{ path, message }], ...extras })
}
