import type { LoginOrigin } from '../services/login/login.ts'
import { NO_SESSION_COOKIES } from '../services/sessions/replaced.ts'
import type { AnyContext } from './context.ts'
import { readDeviceToken, readReplacedCookies } from './cookies.ts'

/** What a login brings along besides its proof. Only one by cookies overwrites those of an earlier session. */
export function readLoginOrigin(c: AnyContext, delivery: 'cookie' | 'body'): LoginOrigin {
  const replaces = delivery === 'cookie' ? readReplacedCookies(c) : NO_SESSION_COOKIES
  return { deviceToken: readDeviceToken(c), replaces }
}
