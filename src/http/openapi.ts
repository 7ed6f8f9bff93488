import { VERSION } from '../config.ts'

/** What the document says besides its routes. */
export const OPENAPI_DOCUMENT = {
  openapi: '3.1.0',
  info: {
    title: 'Postern',
    version: VERSION,
    description:
      'Authentication at the edge. Errors are RFC 9457 problems whose `code` is stable; times are ISO 8601 UTC; unknown members of a body are refused.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
}

export const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  cookie: { type: 'apiKey', in: 'cookie', name: '__Host-access' },
  client: { type: 'http', scheme: 'basic' },
} as const
