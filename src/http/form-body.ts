import { createMiddleware } from 'hono/factory'
import { FORM_BODY_MAX_BYTES } from '../config.ts'
import { AuthError } from '../errors.ts'
import type { AppEnv } from './context.ts'

const MEDIA_TYPE = /^application\/x-www-form-urlencoded\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i

/** Reads a form strictly before its schema is asked: size, media type, and no parameter twice (RFC 6749 §3.2). */
export const formBody = createMiddleware<AppEnv>(async (c, next) => {
  if (Number(c.req.header('Content-Length') ?? 0) > FORM_BODY_MAX_BYTES) throw new AuthError('body_too_large')
  if (!MEDIA_TYPE.test(c.req.header('Content-Type') ?? '')) throw new AuthError('unsupported_media_type')
  const text = await c.req.text()
  if (text.length > FORM_BODY_MAX_BYTES) throw new AuthError('body_too_large')
  const names = [...new URLSearchParams(text).keys()]
  if (new Set(names).size < names.length)
    throw new AuthError('invalid_request', { errors: [{ path: '', message: 'A parameter occurs twice' }] })
  await next()
})
