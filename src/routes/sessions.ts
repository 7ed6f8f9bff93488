import { IdParams } from '../contracts/common.ts'
import { listOf, PageQuery } from '../contracts/lists.ts'
import { LogoutRequest, RefreshAnswer, RefreshRequest } from '../contracts/login.ts'
import { CurrentSession, SessionView } from '../contracts/sessions.ts'
import { toTimestamp } from '../domain/timestamp.ts'
import { Refusal } from '../errors.ts'
import { optionalJson } from '../http/body.ts'
import type { Context } from '../http/context.ts'
import { clearTokenCookies, readRefreshCookie, setTokenCookies } from '../http/cookies.ts'
import { reader, token, tokenHolder, user } from '../http/guards.ts'
import { readAccessToken } from '../http/middleware/authenticate.ts'
import { assertTrustedOrigin } from '../http/origin.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { endOtherSessions, endSession, logOut } from '../services/sessions/ending.ts'
import { listSessions } from '../services/sessions/list.ts'
import { refreshSession } from '../services/sessions/refresh.ts'

const tags = ['Sessions']

const refreshRoute = route({
  method: 'post',
  path: '/auth/refresh',
  tags,
  summary: 'Exchange a refresh token for its successor',
  description: 'From the body, or from the cookie when the body names none; the answer goes the same way.',
  body: optionalJson(RefreshRequest),
  answers: {
    200: answer(RefreshAnswer, 'New tokens, or how long the new access cookie lives.'),
  },
  refuses: ['ambiguous_credentials', 'invalid_refresh_token'],
})

const logoutRoute = route({
  method: 'post',
  path: '/auth/logout',
  tags,
  summary: 'End the session',
  description:
    'Answers 204 also without a valid session. An access token that has only expired still ends its session.',
  limit: 'logout',
  guard: tokenHolder(),
  body: optionalJson(LogoutRequest),
  answers: {
    204: { description: 'Nothing signs in any more.' },
  },
  refuses: ['ambiguous_credentials'],
})

const currentRoute = route({
  method: 'get',
  path: '/auth/session',
  tags,
  summary: 'The session of this request',
  description: 'From the token and the blocklist alone.',
  guard: token(),
  answers: {
    200: answer(CurrentSession, 'The session.'),
  },
})

const listRoute = route({
  method: 'get',
  path: '/auth/sessions',
  tags,
  summary: 'My sessions',
  guard: reader(),
  query: PageQuery,
  answers: { 200: answer(listOf(SessionView), 'Newest first.') },
})

const endRoute = route({
  method: 'delete',
  path: '/auth/sessions/{id}',
  tags,
  summary: 'End one of my sessions',
  guard: user(),
  params: IdParams,
  answers: { 204: { description: 'It has ended.' } },
  refuses: ['not_found'],
})

const endOthersRoute = route({
  method: 'delete',
  path: '/auth/sessions',
  tags,
  summary: 'End all my other sessions',
  guard: user(),
  answers: { 204: { description: 'They have ended.' } },
})

export const sessionRoutes = createRouter()
  .openapi(refreshRoute, async (c) => {
    const { token, isCookie } = readRefreshToken(c, c.req.valid('json').refreshToken)
    if (token === null) throw new Refusal('invalid_refresh_token', { reason: 'none sent' })
    const tokens = await refreshSession(c.get('platform'), token)
    if (!isCookie) return c.json({ tokenType: 'Bearer' as const, ...tokens }, 200)
    setTokenCookies(c, tokens)
    return c.json({ expiresIn: tokens.expiresIn }, 200)
  })
  .openapi(logoutRoute, async (c) => {
    const { token: refreshToken } = readRefreshToken(c, c.req.valid('json').refreshToken)
    await logOut(c.get('platform'), { accessToken: readAccessToken(c), refreshToken })
    clearTokenCookies(c)
    c.header('Clear-Site-Data', '"cache", "storage"')
    return c.body(null, 204)
  })
  .openapi(currentRoute, (c) => {
    const claims = c.get('claims')
    return c.json(
      {
        userId: claims.sub,
        sessionId: claims.sid,
        roles: claims.roles,
        permissions: claims.permissions,
        authenticatedAt: toTimestamp(claims.auth_time * 1000),
        methods: claims.amr,
        expiresAt: toTimestamp(claims.exp * 1000),
      },
      200,
    )
  })
  .openapi(listRoute, async (c) => {
    const { claims, readAsCaller } = c.var
    const whose = { userId: claims.sub, sid: claims.sid }
    return c.json(await listSessions(c.get('platform'), readAsCaller, whose, c.req.valid('query')), 200)
  })
  .openapi(endRoute, async (c) => {
    const { account } = c.get('caller')
    const ended = await endSession(c.get('platform'), { id: c.req.valid('param').id, userId: account.id })
    if (!ended) throw new Refusal('not_found')
    return c.body(null, 204)
  })
  .openapi(endOthersRoute, async (c) => {
    const { session } = c.get('caller')
    await endOtherSessions(c.get('platform'), session)
    return c.body(null, 204)
  })

/** Reads the refresh token, and whether it came in the cookie or in the body. It must come in exactly one of them. */
function readRefreshToken(c: Context, fromBody: string | undefined): { token: string | null; isCookie: boolean } {
  const cookie = readRefreshCookie(c)
  const isElsewhere = fromBody !== undefined || c.req.header('Authorization') !== undefined
  if (isElsewhere && cookie !== null) throw new Refusal('ambiguous_credentials')
  if (fromBody !== undefined || cookie === null) return { token: fromBody ?? null, isCookie: false }
  assertTrustedOrigin(c)
  return { token: cookie, isCookie: true }
}
