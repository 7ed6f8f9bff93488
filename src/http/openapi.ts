import { createHash } from 'node:crypto'
import { every } from 'hono/combine'
import { etag, RETAINED_304_HEADERS } from 'hono/etag'
import { createMiddleware } from 'hono/factory'
import { OPENAPI_MAX_AGE_SECONDS, VERSION } from '../config.ts'
import type { AppEnv } from './context.ts'

/** The parts of the document besides its routes. */
export const OPENAPI_DOCUMENT = {
  openapi: '3.1.0',
  info: {
    title: 'Postern',
    version: VERSION,
    description:
      'Authentication at the edge. Errors are RFC 9457 problems whose `code` is stable; times are ISO 8601 UTC; unknown members of a body are refused. A back end that calls for people states their address with any request, by `Postern-Service: Basic <id:secret>` and `Postern-Client-Address`; without a right secret the answer is 401 `invalid_client`.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
}

export const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  cookie: { type: 'apiKey', in: 'cookie', name: '__Host-access' },
  client: { type: 'http', scheme: 'basic' },
} as const

/** These headers allow a page of another origin to read an answer that has not changed. */
const CORS_HEADERS = [
  'Access-Control-Allow-Origin',
  'Access-Control-Allow-Credentials',
  'Access-Control-Expose-Headers',
]

/**
 * Serves the document. Each isolate builds it when it is first asked for it and keeps it, because that takes 10 to 30
 * ms of CPU and most isolates are never asked. A client that has the current document already gets 304.
 */
export function serveDocument(makeDocument: () => object) {
  let made: { json: string; tag: string } | null = null
  return every(
    etag({ retainedHeaders: [...RETAINED_304_HEADERS, ...CORS_HEADERS] }),
    createMiddleware<AppEnv>(async (c) => {
      made ??= withTag(JSON.stringify(makeDocument()))
      const headers = { 'Cache-Control': `public, max-age=${OPENAPI_MAX_AGE_SECONDS}`, ETag: made.tag }
      return c.body(made.json, 200, { 'Content-Type': 'application/json', ...headers })
    }),
  )
}

function withTag(json: string): { json: string; tag: string } {
  return { json, tag: `"${createHash('sha256').update(json).digest('base64url')}"` }
}
