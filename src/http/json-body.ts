import type { z } from '@hono/zod-openapi'
import { every } from 'hono/combine'
import { createMiddleware } from 'hono/factory'
import { JSON_BODY_MAX_BYTES, JSON_MAX_DEPTH } from '../config.ts'
import { Refusal } from '../errors.ts'
import type { Body } from './body.ts'
import type { AppEnv, Context } from './context.ts'
import { limitBody } from './limit-body.ts'

const MEDIA_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i
/** In valid JSON, every string and, where it is a member's name, the colon behind it. */
const STRINGS = /"(?:[^"\\]|\\.)*"(\s*:)?/g

const limitSize = limitBody(JSON_BODY_MAX_BYTES)

/**
 * Reads a JSON body strictly, before its schema is asked: size, media type, UTF-8, no member twice (RFC 8259 §4 leaves
 * that open; two parsers may disagree), no lone surrogates, no deep nesting. An absent body is refused here, because
 * without a content type it would reach a schema as `{}`.
 */
const jsonBody = every(
  limitSize,
  createMiddleware<AppEnv>(async (c, next) => {
    if (!(await readStrictly(c))) throw invalid('A body is required')
    await next()
  }),
)

/** The same for a route whose body may be absent. */
const optionalJsonBody = every(
  limitSize,
  createMiddleware<AppEnv>(async (c, next) => {
    await readStrictly(c)
    await next()
  }),
)

/** A required JSON body. Without `required`, a request without a content type would validate as `{}`. */
export const json = <Schema extends z.ZodType>(schema: Schema): Body<'application/json', Schema> => ({
  required: true,
  content: { 'application/json': { schema } },
  read: jsonBody,
})

/** A JSON body that may be absent; it then validates as `{}`. */
export const optionalJson = <Schema extends z.ZodType>(schema: Schema): Body<'application/json', Schema> => ({
  required: false,
  content: { 'application/json': { schema } },
  read: optionalJsonBody,
})

/** Whether there is a body. */
async function readStrictly(c: Context): Promise<boolean> {
  const bytes = await c.req.arrayBuffer()
  if (bytes.byteLength === 0) return false
  if (!MEDIA_TYPE.test(c.req.header('Content-Type') ?? '')) throw new Refusal('unsupported_media_type')
  assertStrictJson(bytes)
  return true
}

function assertStrictJson(bytes: ArrayBuffer): void {
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    value = JSON.parse(text)
  } catch {
    throw invalid('The body is not JSON in UTF-8')
  }
  const names = [...text.matchAll(STRINGS)].filter(([, colon]) => colon !== undefined).length
  if (names !== countMembers(value, 0)) throw invalid('A member occurs twice')
}

/** The number of members in all objects of a value. */
function countMembers(value: unknown, depth: number): number {
  if (depth > JSON_MAX_DEPTH) throw invalid('The body is nested too deeply')
  if (typeof value === 'string' && !value.isWellFormed()) throw invalid('A string is not well-formed Unicode')
  if (typeof value !== 'object' || value === null) return 0
  const isArray = Array.isArray(value)
  let count = 0
  for (const [name, member] of Object.entries(value)) {
    if (!name.isWellFormed()) throw invalid('A name is not well-formed Unicode')
    count += countMembers(member, depth + 1) + (isArray ? 0 : 1)
  }
  return count
}

function invalid(message: string): Refusal {
  return new Refusal('invalid_request', { errors: [{ path: '', message }] })
}
