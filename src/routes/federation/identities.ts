import { LinkAnswer, LinkRequest, LinkTicketQuery, ProviderParam } from '../../contracts/federation.ts'
import { json } from '../../http/body.ts'
import { readFlowCookie, setFlowCookie } from '../../http/flow-cookies.ts'
import { recentLogin } from '../../http/guards.ts'
import { answer, route } from '../../http/route.ts'
import { createRouter } from '../../http/router.ts'
import { beginLink, followLink } from '../../services/federation/flow.ts'
import { unlinkProvider } from '../../services/federation/identities.ts'

const tags = ['Federated login']

const linkRoute = route({
  method: 'post',
  path: '/auth/oauth/{provider}/link',
  tags,
  summary: 'Link a provider to my account',
  description:
    'Needs a recent login. Send the browser to `url`; it comes back to `redirectTo`, linked, with `?error=`, or, where it did not keep the cookie of this answer, with a `?code=` that the same session has to exchange.',
  limit: 'moderate',
  guard: recentLogin(),
  params: ProviderParam,
  body: json(LinkRequest),
  answers: {
    200: answer(LinkAnswer, 'Where to send the browser.'),
  },
  refuses: ['redirect_not_allowed', 'not_found'],
})

const followRoute = route({
  method: 'get',
  path: '/auth/oauth/{provider}/link',
  tags,
  summary: 'Where the browser begins to link',
  description: 'The `url` of the answer above.',
  limit: 'moderate',
  params: ProviderParam,
  query: LinkTicketQuery,
  answers: {
    302: { description: 'To the provider.' },
  },
  refuses: ['invalid_state', 'not_found', 'provider_unavailable', 'provider_misconfigured'],
})

const unlinkRoute = route({
  method: 'delete',
  path: '/auth/oauth/{provider}',
  tags,
  summary: 'Unlink a provider from my account',
  description:
    'Needs a recent login. Never the last way to sign in: a password counts, and another configured provider.',
  guard: recentLogin(),
  params: ProviderParam,
  answers: {
    204: { description: 'It is unlinked.' },
  },
  refuses: ['not_found', 'last_login_method'],
})

export const identityRoutes = createRouter()
  .openapi(linkRoute, async (c) => {
    const { provider } = c.req.valid('param')
    const { redirectTo } = c.req.valid('json')
    const { url, cookie } = await beginLink(c.get('platform'), c.get('caller'), { provider, redirectTo })
    setFlowCookie(c, cookie)
    return c.json({ url }, 200)
  })
  .openapi(followRoute, async (c) => {
    const { provider } = c.req.valid('param')
    const { ticket } = c.req.valid('query')
    const { url, cookie } = await followLink(c.get('platform'), { provider, ticket }, (name) => readFlowCookie(c, name))
    if (cookie) setFlowCookie(c, cookie)
    return c.redirect(url, 302)
  })
  .openapi(unlinkRoute, async (c) => {
    await unlinkProvider(c.get('platform'), c.get('caller').account, c.req.valid('param').provider)
    return c.body(null, 204)
  })
