import { Refusal } from '../../errors.ts'
import {
  authenticateFresh,
  authenticateWithCredentials,
  type Caller,
  type CallerWithCredentials,
} from '../../services/sessions/authentication.ts'
import { assertFullStanding } from '../../services/sessions/standing.ts'
import type { Context } from '../context.ts'
import { readAccessCookie, readDeviceToken, readRefreshCookie } from '../cookies.ts'
import { assertTrustedOrigin } from '../origin.ts'

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i

/** Reads the access token of a request, by whichever of the two ways it is carried; null without one. */
export function readAccessToken(c: Context): string | null {
  const header = c.req.header('Authorization')
  const cookie = readAccessCookie(c)
  if (header !== undefined && (cookie !== null || readRefreshCookie(c) !== null))
    throw new Refusal('ambiguous_credentials')
  if (cookie !== null) {
    assertTrustedOrigin(c)
    return cookie
  }
  return header === undefined ? null : (BEARER.exec(header)?.[1] ?? null)
}

/** Does the same, for a route that needs a token. @throws {Refusal} `unauthenticated` without one. */
export function requireAccessToken(c: Context): string {
  const token = readAccessToken(c)
  if (token === null) throw new Refusal('unauthenticated', { reason: 'no access token' })
  return token
}

/** Tells whether a request carries a bearer token and no credentials that a browser adds by itself. */
export const isBearerRequest = (c: Context): boolean =>
  BEARER.test(c.req.header('Authorization') ?? '') && readAccessCookie(c) === null && readRefreshCookie(c) === null

/**
 * Whether a session gets through that is good only for setting up or showing a second factor, because a role of its
 * account requires one. Only the routes that serve this let it through.
 */
export interface Leniency {
  mayEnrol?: boolean
}

/**
 * Finds the session and the account of a request as they are now.
 * @throws {Refusal} `unauthenticated`; unless it may enrol, `enrolment_required` and `step_up_required`.
 */
export const authenticateCaller = (c: Context, leniency: Leniency = {}): Promise<Caller> =>
  authenticateBy(c, authenticateFresh, leniency)

/** Does the same, and also reads what the password is verified by. */
export const authenticateCallerWithCredentials = (
  c: Context,
  leniency: Leniency = {},
): Promise<CallerWithCredentials> => authenticateBy(c, authenticateWithCredentials, leniency)

async function authenticateBy<Found extends Omit<Caller, 'deviceToken'>>(
  c: Context,
  authenticate: (deps: Context['var']['platform'], token: string) => Promise<Found>,
  { mayEnrol = false }: Leniency,
): Promise<Found & Pick<Caller, 'deviceToken'>> {
  const found = await authenticate(c.get('platform'), requireAccessToken(c))
  c.set('userId', found.account.id)
  const platform = c.get('platform')
  if (!mayEnrol) assertFullStanding(platform, found)
  platform.noteActivity(found.session.id)
  return { ...found, deviceToken: readDeviceToken(c) }
}
