import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type RouteConfig,
  zodToOpenAPIRegistry,
} from '@asteasolutions/zod-to-openapi'
import * as z from 'zod'
import { VERSION } from '../config.ts'
import { Problem } from '../contracts/common.ts'
import { REFUSALS, type RefusalCode } from '../errors.ts'
import type { Answers, Statement } from './route.ts'

/** The parts of the document besides its routes. */
const DOCUMENT = {
  openapi: '3.1.0',
  info: {
    title: 'Postern',
    version: VERSION,
    description:
      'Authentication at the edge. Errors are RFC 9457 problems whose `code` is stable; times are ISO 8601 UTC; unknown members of a body are refused. A back end that calls for people states their address with any request, by `Postern-Service: Basic <id:secret>` and `Postern-Client-Address`; without a right secret the answer is 401 `invalid_client`.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
}

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  cookie: { type: 'apiKey', in: 'cookie', name: '__Host-access' },
  client: { type: 'http', scheme: 'basic' },
} as const

/**
 * Any request can be refused with these. A stated client address that nobody vouches for is refused wherever it is sent
 * (docs/other-services.md).
 */
const ANYWHERE = [
  'invalid_request',
  'invalid_client',
  'rate_limited',
  'internal_error',
  'dependency_unavailable',
] as const
/** Every route that changes something refuses these first: a request by a page of a foreign origin, and plain HTTP. */
const UNSAFE = ['csrf_refused', 'https_required'] as const
const BODY = ['body_too_large', 'unsupported_media_type'] as const
/** Bytes are told by their content, whatever their media type says. */
const BYTES = ['body_too_large'] as const

/**
 * Makes the OpenAPI document of the routes, with every status that each can answer. It is made when the pages are
 * built, so no part of the Worker imports this file (docs/decisions/0010-openapi.md).
 */
export function makeDocument(statements: readonly Statement[]) {
  // The generator knows a schema's name by a registry of its own, and zod by the `id` of its metadata.
  for (const [refId, schema] of z.globalRegistry._idmap) zodToOpenAPIRegistry.add(schema, { _internal: { refId } })
  const registry = new OpenAPIRegistry()
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES))
    registry.registerComponent('securitySchemes', name, scheme)
  for (const statement of statements) registry.registerPath(describeOperation(statement))
  return new OpenApiGeneratorV31(registry.definitions).generateDocument(DOCUMENT)
}

function describeOperation(statement: Statement): RouteConfig {
  const { method, path, tags, summary, description, guard, params, query, body, answers } = statement
  const operation = {
    method,
    path,
    tags: [...tags],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(guard === undefined || guard.security.length === 0 ? {} : { security: guard.security }),
    request: {
      ...(params && { params }),
      ...(query && { query }),
      ...(body && { body: { required: body.required, content: { [body.media]: { schema: body.schema } } } }),
    },
    responses: withRefusals(answers, listRefusals(statement)),
  }
  // The generator names only the kinds of schemas that can be parameters. A contract has no others.
  return operation as RouteConfig
}

function listRefusals({ method, guard, body, refuses = [] }: Statement): RefusalCode[] {
  return [
    ...ANYWHERE,
    ...(body ? (body.target === null ? BYTES : BODY) : []),
    ...(guard?.refuses ?? []),
    ...refuses,
    ...(method === 'get' ? [] : UNSAFE),
  ]
}

/**
 * Adds the refusals to the route's own answers. There is one response for each status, which names the codes that it
 * may carry.
 */
function withRefusals(answers: Answers, codes: readonly RefusalCode[]): Answers {
  const problem = { 'application/problem+json': { schema: Problem } }
  const refusals = [...Map.groupBy(new Set(codes), (code) => REFUSALS[code].status)].map(([status, list]) => {
    const own = answers[status]
    const named = list.map((code) => `\`${code}\``).join(', ')
    const description = own === undefined ? named : `${own.description} Or a problem: ${named}`
    return [status, { description, content: { ...own?.content, ...problem } }] as const
  })
  return { ...answers, ...Object.fromEntries(refusals) }
}
