import { createRoute } from '@hono/zod-openapi'
import { LinkAnswer, LinkRequest, LinkTicketQuery, ProviderParam } from '../contracts/oauth.ts'
import { readFlowCookie, setFlowCookie } from '../http/flow-cookies.ts'
import { jsonBody } from '../http/json-body.ts'
import { requireUser } from '../http/middleware/authenticate.ts'
import { rateLimit } from '../http/middleware/rate-limit.ts'
import { createRouter, jsonAnswer, jsonRequest, refusals, SIGNED_IN } from '../http/router.ts'
import { unlinkProvider } from '../services/identities.ts'
import { beginLink, followLink } from '../services/oauth-flow.ts'

const tags = ['Federated login']

const linkRoute = createRoute({
  method: 'post',
  path: '/auth/oauth/{provider}/link',
  tags,
  security: SIGNED_IN,
  summary: 'Link a provider to my account',
  description:
    'Needs a recent login. Send the browser to `url`; it comes back to `redirectTo`, linked, with `?error=`, or, where it did not keep the cookie of this answer, with a `?code=` that the same session has to exchange.',
  middleware: [rateLimit('moderate', 'oauth-link'), requireUser(), jsonBody] as const,
  request: { params: ProviderParam, ...jsonRequest(LinkRequest) },
  responses: {
    200: jsonAnswer(LinkAnswer, 'Where to send the browser.'),
    ...refusals(
      'invalid_request',
      'redirect_not_allowed',
      'ambiguous_credentials',
      'unauthenticated',
      'step_up_required',
      'csrf_refused',
      'not_found',
    ),
  },
})

const followRoute = createRoute({
  method: 'get',
  path: '/auth/oauth/{provider}/link',
  tags,
  summary: 'Where the browser begins to link',
  description: 'The `url` of the answer above.',
  middleware: [rateLimit('moderate', 'oauth-link-follow')] as const,
  request: { params: ProviderParam, query: LinkTicketQuery },
  responses: {
    302: { description: 'To the provider.' },
    ...refusals('invalid_request', 'invalid_state', 'not_found', 'provider_unavailable', 'provider_misconfigured'),
  },
})

const unlinkRoute = createRoute({
  method: 'delete',
  path: '/auth/oauth/{provider}',
  tags,
  security: SIGNED_IN,
  summary: 'Unlink a provider from my account',
  description: 'Never the last way to sign in: a password counts, and another configured provider.',
  middleware: [requireUser()] as const,
  request: { params: ProviderParam },
  responses: {
    204: { description: 'It is unlinked.' },
    ...refusals('ambiguous_credentials', 'unauthenticated', 'csrf_refused', 'not_found', 'last_login_method'),
  },
})

export const identityRoutes = createRouter()
  .openapi(linkRoute, async (c) => {
    const { provider } = c.req.valid('param')
    const { redirectTo } = c.req.valid('json')
    const { url, cookie } = await beginLink(c.var.platform, c.get('caller'), { provider, redirectTo })
    setFlowCookie(c, cookie)
    return c.json({ url }, 200)
  })
  .openapi(followRoute, async (c) => {
    const { provider } = c.req.valid('param')
    const { ticket } = c.req.valid('query')
    const { url, cookie } = await followLink(c.var.platform, { provider, ticket }, (name) => readFlowCookie(c, name))
    if (cookie) setFlowCookie(c, cookie)
    return c.redirect(url, 302)
  })
  .openapi(unlinkRoute, async (c) => {
    await unlinkProvider(c.var.platform, c.get('caller').account, c.req.valid('param').provider)
    return c.body(null, 204)
  })
