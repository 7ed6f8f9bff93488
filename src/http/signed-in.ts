import type { z } from '@hono/zod-openapi'
import type { SignedIn } from '../contracts/login.ts'
import { toUser } from '../services/accounts/profile.ts'
import type { OpenedSession } from '../services/sessions/opening.ts'
import type { AnyContext } from './context.ts'
import { setDeviceCookie, setTokenCookies } from './cookies.ts'

/** Hands out a new session the way the client asked for: HttpOnly cookies or the body, never both. */
export function presentSession(
  c: AnyContext,
  opened: OpenedSession,
  delivery: 'cookie' | 'body',
): z.infer<typeof SignedIn> {
  const { account, session, tokens, deviceToken } = opened
  c.set('userId', account.id)
  setDeviceCookie(c, deviceToken)
  const view = { id: session.id, expiresAt: new Date(session.expiresAt).toISOString() }
  const signedIn = { status: 'signed_in' as const, user: toUser(account), session: view }
  if (delivery === 'body') {
    return { ...signedIn, session: { ...view, deviceToken }, tokens: { tokenType: 'Bearer', ...tokens } }
  }
  setTokenCookies(c, tokens)
  return signedIn
}
