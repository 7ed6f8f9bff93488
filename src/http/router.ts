import { OpenAPIHono } from '@hono/zod-openapi'
import { Refusal } from '../errors.ts'
import type { AppEnv } from './context.ts'

/** A router whose inputs are checked by their contract before a handler sees them. */
export function createRouter(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (result.success) return
      const errors = result.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }))
      throw new Refusal('invalid_request', { errors })
    },
  })
}
