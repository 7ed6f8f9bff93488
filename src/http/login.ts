import type * as z from 'zod'
import type { MfaNeeded, SignedIn } from '../contracts/login.ts'
import { toTimestamp } from '../domain/timestamp.ts'
import { toUser } from '../services/accounts/profile.ts'
import type { LoginExtras, LoginResult } from '../services/login/login.ts'
import type { OpenedSession } from '../services/sessions/opening.ts'
import { NO_SESSION_COOKIES } from '../services/sessions/replaced.ts'
import { type AnyContext, platformOf } from './context.ts'
import { readDeviceToken, readReplacedCookies, setDeviceCookie, setTokenCookies } from './cookies.ts'

/** Where the tokens of a login go: HttpOnly cookies or the body, never both. */
type Delivery = 'cookie' | 'body'

/**
 * Reads what a login brings along besides its proof. Only a login by cookies overwrites the cookies of an earlier
 * session.
 */
export function readLoginExtras(c: AnyContext, delivery: Delivery): LoginExtras {
  const replaces = delivery === 'cookie' ? readReplacedCookies(c) : NO_SESSION_COOKIES
  return { deviceToken: readDeviceToken(c), replaces }
}

/** Answers a login with its session, or with the ticket by which its second factor is asked for. */
export function presentLogin(
  c: AnyContext,
  login: LoginResult,
  delivery: Delivery,
): z.infer<typeof SignedIn> | z.infer<typeof MfaNeeded> {
  return 'mfa' in login ? { status: 'mfa_required', ...login.mfa } : presentSession(c, login.session, delivery)
}

/** Hands out a new session in the way that the client asked for. */
export function presentSession(c: AnyContext, opened: OpenedSession, delivery: Delivery): z.infer<typeof SignedIn> {
  const { account, session, tokens, deviceToken, isDeletionStopped } = opened
  c.set('userId', account.id)
  setDeviceCookie(c, deviceToken)
  const view = { id: session.id, expiresAt: toTimestamp(session.expiresAt) }
  const kept = isDeletionStopped ? { deletionStopped: true as const } : {}
  const signedIn = { status: 'signed_in' as const, user: toUser(platformOf(c), account), session: view, ...kept }
  if (delivery === 'body') {
    return { ...signedIn, session: { ...view, deviceToken }, tokens: { tokenType: 'Bearer', ...tokens } }
  }
  setTokenCookies(c, tokens)
  return signedIn
}
