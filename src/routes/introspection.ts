import { Introspection, TokenRequest } from '../contracts/introspection.ts'
import { form } from '../http/body.ts'
import { client } from '../http/guards.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { introspect, revoke } from '../services/introspection/introspection.ts'

const tags = ['For other services']

const introspectRoute = route({
  method: 'post',
  path: '/auth/introspect',
  tags,
  summary: 'What a token is worth now (RFC 7662)',
  guard: client(),
  body: form(TokenRequest, 'token'),
  answers: {
    200: answer(Introspection, 'Its claims, or that it is not active.'),
  },
})

const revokeRoute = route({
  method: 'post',
  path: '/auth/revoke',
  tags,
  summary: 'End the session that a token belongs to (RFC 7009)',
  description: 'Answers 200 also for a token that is worth nothing.',
  guard: client(),
  body: form(TokenRequest, 'token'),
  answers: {
    200: { description: 'It signs nobody in any more.' },
  },
})

export const introspectionRoutes = createRouter()
  .openapi(introspectRoute, async (c) => c.json(await introspect(c.get('platform'), c.req.valid('form').token), 200))
  .openapi(revokeRoute, async (c) => {
    await revoke(c.get('platform'), c.req.valid('form').token, c.get('clientId'))
    return c.body(null, 200)
  })
