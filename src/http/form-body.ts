import type { z } from '@hono/zod-openapi'
import { createMiddleware } from 'hono/factory'
import { FORM_BODY_MAX_BYTES } from '../config.ts'
import { AuthError } from '../errors.ts'
import type { Body } from './body.ts'
import type { AppEnv } from './context.ts'

const MEDIA_TYPE = /^application\/x-www-form-urlencoded\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i

/**
 * Reads a form strictly before its schema is asked: size, media type, one parameter that must be there, and none twice (RFC 6749
 * §3.2). OAuth clients look for `error` (§5.2).
 */
const formBody = (required: string) =>
  createMiddleware<AppEnv>(async (c, next) => {
    if (Number(c.req.header('Content-Length') ?? 0) > FORM_BODY_MAX_BYTES) throw new AuthError('body_too_large')
    if (!MEDIA_TYPE.test(c.req.header('Content-Type') ?? '')) throw new AuthError('unsupported_media_type')
    const bytes = await c.req.arrayBuffer()
    if (bytes.byteLength > FORM_BODY_MAX_BYTES) throw new AuthError('body_too_large')
    const parameters = new URLSearchParams(new TextDecoder().decode(bytes))
    const names = [...parameters.keys()]
    if (new Set(names).size < names.length) throw invalid('', 'A parameter occurs twice')
    if (!parameters.get(required)) throw invalid(required, 'Must be there')
    await next()
  })

/** A form of the OAuth endpoints (RFC 6749 Appendix B), with the one parameter that it must have. */
export const form = <Schema extends z.ZodType>(
  schema: Schema,
  required: string,
): Body<'application/x-www-form-urlencoded', Schema> => ({
  required: true,
  content: { 'application/x-www-form-urlencoded': { schema } },
  read: formBody(required),
})

function invalid(path: string, message: string): AuthError {
  return new AuthError('invalid_request', { errors: [{ path, message }], members: { error: 'invalid_request' } })
}
