import {
  OAuthCallbackQuery,
  OAuthExchangeRequest,
  OAuthStartQuery,
  ProviderParam,
  Providers,
} from '../../contracts/federation.ts'
import { LoginAnswer } from '../../contracts/login.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import { Refusal } from '../../errors.ts'
import { json } from '../../http/body.ts'
import type { Context } from '../../http/context.ts'
import { readDeviceToken, readReplacedCookies } from '../../http/cookies.ts'
import {
  clearExchangeCookie,
  clearFlowCookie,
  readExchangeCookie,
  readFlowCookie,
  setExchangeCookie,
  setFlowCookie,
} from '../../http/flow-cookies.ts'
import { presentLogin, presentSession, readLoginExtras } from '../../http/login.ts'
import { authenticateCaller } from '../../http/middleware/authenticate.ts'
import { assertTrustedOrigin } from '../../http/origin.ts'
import { toRefusal } from '../../http/problem.ts'
import { answer, route } from '../../http/route.ts'
import { createRouter } from '../../http/router.ts'
import { toUser } from '../../services/accounts/profile.ts'
import { exchangeCode } from '../../services/federation/exchange.ts'
import { beginLogin, cookieName, type OAuthFlow, openFlow } from '../../services/federation/flow.ts'
import { completeFlow } from '../../services/federation/login.ts'

const tags = ['Federated login']

const providersRoute = route({
  method: 'get',
  path: '/auth/oauth/providers',
  tags,
  summary: 'The providers that can be used here',
  answers: { 200: answer(Providers, 'The configured ones.') },
})

const startRoute = route({
  method: 'get',
  path: '/auth/oauth/{provider}',
  tags,
  summary: 'Sign in at a provider',
  description: 'A browser is sent here. It comes back to `redirectTo`.',
  limit: 'moderate',
  params: ProviderParam,
  query: OAuthStartQuery,
  answers: {
    302: { description: 'To the provider.' },
  },
  refuses: ['redirect_not_allowed', 'not_found', 'provider_unavailable', 'provider_misconfigured'],
})

const callbackRoute = route({
  method: 'get',
  path: '/auth/oauth/{provider}/callback',
  tags,
  summary: 'Where a provider sends the browser back to',
  description: 'Register `<ISSUER>/auth/oauth/{provider}/callback` at the provider.',
  limit: 'moderate',
  params: ProviderParam,
  query: OAuthCallbackQuery,
  answers: {
    302: {
      description:
        'To `redirectTo`: with cookies set, with `?code=` to exchange, or with `?error=` and one of the codes of this API.',
    },
  },
  refuses: ['invalid_state'],
})

const exchangeRoute = route({
  method: 'post',
  path: '/auth/oauth/exchange',
  tags,
  summary: 'Exchange the code of a redirect',
  description:
    'Once and within a minute. The verifier is the page’s own; a login with cookies keeps it in a cookie, and a link is exchanged by the session that asked for it.',
  limit: 'moderate',
  body: json(OAuthExchangeRequest),
  answers: {
    200: answer(LoginAnswer, 'Signed in, or a second factor is needed.'),
  },
  refuses: [
    'ambiguous_credentials',
    'unauthenticated',
    'enrolment_required',
    'step_up_required',
    'invalid_code',
    'email_not_verified',
    'account_deactivated',
    'identity_taken',
    'provider_already_linked',
  ],
})

export const oauthRoutes = createRouter()
  .openapi(providersRoute, (c) => {
    const items = [...c.get('platform').providers.values()].map(({ id, name }) => ({ id, name }))
    return c.json({ items }, 200)
  })
  .openapi(startRoute, async (c) => {
    const { redirectTo, delivery, codeChallenge = null } = c.req.valid('query')
    const wishes = { redirectTo, delivery, codeChallenge }
    const { url, cookie } = await beginLogin(c.get('platform'), c.req.valid('param').provider, wishes)
    setFlowCookie(c, cookie)
    return c.redirect(url, 302)
  })
  .openapi(callbackRoute, async (c) => {
    const { provider } = c.req.valid('param')
    const { state = '' } = c.req.valid('query')
    const flow = await openFlow(c.get('platform'), { provider, state }, (name) => readFlowCookie(c, name))
    // Without the cookie there is no address that could be trusted to send the browser to.
    if (!flow) throw new Refusal('invalid_state', { reason: 'no cookie of this state' })
    clearFlowCookie(c, cookieName(state))
    return c.redirect(await land(c, flow), 302)
  })
  .openapi(exchangeRoute, async (c) => {
    const { code, codeVerifier } = c.req.valid('json')
    const exchanged = await exchangeCode(c.get('platform'), {
      code,
      verifier: codeVerifier ?? readVerifierCookie(c),
      deviceToken: readDeviceToken(c),
      cookies: readReplacedCookies(c),
      authenticate: () => authenticateCaller(c),
    })
    if (readExchangeCookie(c) !== null) clearExchangeCookie(c)
    if ('linked' in exchanged) {
      const { account, session } = exchanged.linked
      const view = { id: session.id, expiresAt: toTimestamp(session.expiresAt) }
      return c.json({ status: 'signed_in' as const, user: toUser(c.get('platform'), account), session: view }, 200)
    }
    return c.json(presentLogin(c, exchanged.login, exchanged.delivery), 200)
  })

/**
 * Completes the flow, sets the cookies that the browser is to keep, and gives the address to send it to, even where all
 * failed.
 */
async function land(c: Context, flow: OAuthFlow): Promise<string> {
  try {
    const parameters = new URL(c.req.url).searchParams
    const landing = await completeFlow(c.get('platform'), flow, { parameters, ...readLoginExtras(c, flow.delivery) })
    if (landing.session) presentSession(c, landing.session, 'cookie')
    if (landing.verifier !== null) setExchangeCookie(c, landing.verifier)
    return landing.code === null ? flow.redirectTo : withParameter(flow.redirectTo, 'code', landing.code)
  } catch (error) {
    const { code } = toRefusal(error, c)
    c.set('outcome', code)
    return withParameter(flow.redirectTo, 'error', code)
  }
}

/**
 * Adds our parameter to the target. An `error` or a `code` that stood there before is removed, because it is not ours.
 */
function withParameter(target: string, name: 'code' | 'error', value: string): string {
  const url = new URL(target)
  for (const known of ['code', 'error']) url.searchParams.delete(known)
  url.searchParams.set(name, value)
  return url.href
}

/** Reads the verifier that this browser keeps for a login with cookies. Only one of our own pages may use it. */
function readVerifierCookie(c: Context): string | null {
  const verifier = readExchangeCookie(c)
  if (verifier !== null) assertTrustedOrigin(c)
  return verifier
}
