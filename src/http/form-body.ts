import type { z } from '@hono/zod-openapi'
import { every } from 'hono/combine'
import { createMiddleware } from 'hono/factory'
import { FORM_BODY_MAX_BYTES } from '../config.ts'
import { Refusal } from '../errors.ts'
import type { Body } from './body.ts'
import type { AppEnv } from './context.ts'
import { limitBody } from './limit-body.ts'

const MEDIA_TYPE = /^application\/x-www-form-urlencoded\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i

/**
 * Reads a form strictly before its schema is asked: size, media type, one parameter that must be there, and none twice
 * (RFC 6749 §3.2). OAuth clients look for `error` (§5.2).
 */
const formBody = (required: string) =>
  every(
    limitBody(FORM_BODY_MAX_BYTES),
    createMiddleware<AppEnv>(async (c, next) => {
      if (!MEDIA_TYPE.test(c.req.header('Content-Type') ?? '')) throw new Refusal('unsupported_media_type')
      const parameters = new URLSearchParams(new TextDecoder().decode(await c.req.arrayBuffer()))
      const names = [...parameters.keys()]
      if (new Set(names).size < names.length) throw invalid('', 'A parameter occurs twice')
      if (!parameters.get(required)) throw invalid(required, 'Must be there')
      await next()
    }),
  )

/** A form of the OAuth endpoints (RFC 6749 Appendix B), with the one parameter that it must have. */
export const form = <Schema extends z.ZodType>(
  schema: Schema,
  required: string,
): Body<'application/x-www-form-urlencoded', Schema> => ({
  required: true,
  content: { 'application/x-www-form-urlencoded': { schema } },
  read: formBody(required),
})

function invalid(path: string, message: string): Refusal {
  return new Refusal('invalid_request', { errors: [{ path, message }], members: { error: 'invalid_request' } })
}
