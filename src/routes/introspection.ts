import { createRoute } from '@hono/zod-openapi'
import { Introspection, TokenRequest } from '../contracts/introspection.ts'
import { formBody } from '../http/form-body.ts'
import { requireClient } from '../http/middleware/require-client.ts'
import { createRouter, jsonAnswer, refusals } from '../http/router.ts'
import { introspect, revoke } from '../services/introspection.ts'

const tags = ['For other services']
const security = [{ client: [] }]
const request = {
  body: { required: true, content: { 'application/x-www-form-urlencoded': { schema: TokenRequest } } },
}

const introspectRoute = createRoute({
  method: 'post',
  path: '/auth/introspect',
  tags,
  security,
  summary: 'What a token is worth now (RFC 7662)',
  middleware: [requireClient(), formBody('token')] as const,
  request,
  responses: {
    200: jsonAnswer(Introspection, 'Its claims, or that it is not active.'),
    ...refusals('invalid_request', 'invalid_client', 'unsupported_media_type'),
  },
})

const revokeRoute = createRoute({
  method: 'post',
  path: '/auth/revoke',
  tags,
  security,
  summary: 'End the session that a token belongs to (RFC 7009)',
  description: 'Answers 200 also for a token that is worth nothing.',
  middleware: [requireClient(), formBody('token')] as const,
  request,
  responses: {
    200: { description: 'It signs nobody in any more.' },
    ...refusals('invalid_request', 'invalid_client', 'unsupported_media_type'),
  },
})

export const introspectionRoutes = createRouter()
  .openapi(introspectRoute, async (c) => c.json(await introspect(c.var.platform, c.req.valid('form').token), 200))
  .openapi(revokeRoute, async (c) => {
    await revoke(c.var.platform, c.req.valid('form').token, c.get('serviceId'))
    return c.body(null, 200)
  })
