import { every } from 'hono/combine'
import { etag, RETAINED_304_HEADERS } from 'hono/etag'
import { createMiddleware } from 'hono/factory'
import { OPENAPI_MAX_AGE_SECONDS } from '../config.ts'
import { Refusal } from '../errors.ts'
import type { AppEnv } from './context.ts'

/** These headers allow a page of another origin to read an answer that has not changed. */
const CORS_HEADERS = [
  'Access-Control-Allow-Origin',
  'Access-Control-Allow-Credentials',
  'Access-Control-Expose-Headers',
]

/**
 * Serves the OpenAPI document, which is made with the pages and stands among them (`scripts/build-ui.ts`). It has the
 * headers of data. A client that has the current document already gets 304.
 */
export const serveDocument = every(
  etag({ retainedHeaders: [...RETAINED_304_HEADERS, ...CORS_HEADERS] }),
  createMiddleware<AppEnv>(async (c) => {
    const asset = await c.get('platform').fetchAsset(new Request(new URL('/openapi.json', c.req.url)))
    const tag = asset.headers.get('ETag')
    if (!asset.ok || tag === null) throw new Refusal('internal_error', { reason: 'the pages were built without it' })
    const caching = { 'Cache-Control': `public, max-age=${OPENAPI_MAX_AGE_SECONDS}`, ETag: tag }
    return new Response(asset.body, { headers: { 'Content-Type': 'application/json', ...caching } })
  }),
)
