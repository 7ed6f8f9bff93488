import { callWorker } from './call-worker.ts'
import { bearer, PASSWORD, type SignedIn } from './client.ts'
import { logOut } from './locations.ts'

/** These requests end sessions of an account. `other` is another session of the same account. */
export const ENDINGS: [string, (isolate: Env, sessions: { victim: SignedIn; other: SignedIn }) => Promise<Response>][] =
  [
    ['a logout', (isolate, { victim }) => logOut(isolate, victim)],
    [
      'the end of all other sessions',
      (isolate, { other }) =>
        callWorker(isolate, 'DELETE', '/auth/sessions', { headers: bearer(other.tokens.accessToken) }),
    ],
    [
      'a change of the password',
      (isolate, { other }) =>
        callWorker(isolate, 'POST', '/auth/change-password', {
          headers: bearer(other.tokens.accessToken),
          body: { currentPassword: PASSWORD, newPassword: 'an entirely new password' },
        }),
    ],
    [
      'the deletion of the account',
      (isolate, { other }) =>
        callWorker(isolate, 'DELETE', '/auth/me', {
          headers: bearer(other.tokens.accessToken),
          body: { password: PASSWORD },
        }),
    ],
  ]
