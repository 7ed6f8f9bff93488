import { createMiddleware } from 'hono/factory'
import { AuthError } from '../../errors.ts'
import { authenticateFresh, authenticateRead } from '../../services/authentication.ts'
import type { AppEnv, Context } from '../context.ts'
import { readAccessCookie, readDeviceToken, readRefreshCookie } from '../cookies.ts'
import { assertTrustedOrigin } from '../origin.ts'
import { actsByToken } from '../token-routes.ts'

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i

/** The access token of a request, by whichever of the two ways it is carried; null without one. */
export function readAccessToken(c: Context): string | null {
  const header = c.req.header('Authorization')
  const cookie = readAccessCookie(c)
  if (header !== undefined && (cookie !== null || readRefreshCookie(c) !== null))
    throw new AuthError('ambiguous_credentials')
  if (cookie !== null) {
    assertTrustedOrigin(c)
    return cookie
  }
  return header === undefined ? null : (BEARER.exec(header)?.[1] ?? null)
}

/** For reading: trusts the token and the blocklist. Sets `claims`. */
export const requireToken = () =>
  createMiddleware<AppEnv>(async (c, next) => {
    const claims = await authenticateRead(c.var.platform, readAccessToken(c) ?? refuse())
    c.set('claims', claims)
    c.set('userId', claims.sub)
    c.var.platform.noteActivity(claims.sid)
    await next()
  })

/** For whatever changes something: asks the database for the session and the account as they are now. Sets `caller`. */
export const requireUser = () =>
  actsByToken(
    createMiddleware<AppEnv>(async (c, next) => {
      c.set('caller', await authenticateCaller(c))
      await next()
    }),
  )

/** For a route that ends what its token names and answers alike when it names nothing. */
export const takeToken = actsByToken(createMiddleware<AppEnv>((_, next) => next()))

/** Whether a request carries a bearer token and nothing that a browser adds by itself to sign its user in. */
export const isBearerRequest = (c: Context): boolean =>
  BEARER.test(c.req.header('Authorization') ?? '') && readAccessCookie(c) === null && readRefreshCookie(c) === null

/** The same for a route that asks only sometimes who is signed in. @throws {AuthError} `unauthenticated`. */
export async function authenticateCaller(c: Context): Promise<AppEnv['Variables']['caller']> {
  const { account, session } = await authenticateFresh(c.var.platform, readAccessToken(c) ?? refuse())
  c.set('userId', account.id)
  c.var.platform.noteActivity(session.id)
  return { account, session, deviceToken: readDeviceToken(c) }
}

function refuse(): never {
  throw new AuthError('unauthenticated', { reason: 'no access token' })
}
