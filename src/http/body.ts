import type { z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'

/** A body as a route states it: `json(Schema)`, `optionalJson(Schema)` or `form(Schema, 'token')`. */
export interface Body<Media extends string = string, Schema extends z.ZodType = z.ZodType> {
  required: boolean
  content: Record<Media, { schema: Schema }>
  /** Reads it strictly and within bounds, before its schema is asked. */
  read: MiddlewareHandler
}
