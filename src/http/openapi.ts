import { VERSION } from '../config.ts'

/** What the document says besides its routes. */
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
