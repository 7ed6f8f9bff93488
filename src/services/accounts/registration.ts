import { RESET_TOKEN_TTL_SECONDS, SIGN_UPS_PER_ADDRESS, VERIFICATION_TOKEN_TTL_SECONDS } from '../../config.ts'
import { Refusal } from '../../errors.ts'
import type { EndingSessions, Mailing, Platform, TryingPasswords } from '../../platform/platform.ts'
import {
  registrationAuditStatements,
  registrationStatements,
  whenSignUpIsRepeated,
} from '../../storage/accounts/registration.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { userIdByEmail } from '../../storage/conditions.ts'
import { removeUnprovenFactorsStatements } from '../factors/registry.ts'
import { providerNames } from '../federation/providers.ts'
import { newId, newOneTimeToken, throttleOf } from '../identifiers.ts'
import { loginFacts } from '../login/facts.ts'
import { assertPasswordAllowed } from '../passwords/policy.ts'
import { revokeSessions } from '../sessions/ending.ts'
import { refuseTaken, USERNAME_TAKEN } from '../taken.ts'

type Needs = TryingPasswords & Mailing & EndingSessions & Pick<Platform, 'providers'>

/**
 * Makes an account and mails its verification link. Where the address has an account already, the same statements mail
 * its owner that somebody tried to sign up, so the caller cannot tell the two cases apart. A verified account is left
 * as it is. An account that nobody has confirmed loses everything that signs in to it, and the link of the mail sets a
 * new password.
 * @throws {Refusal} `invalid_request` for a weak password; `username_taken`, whatever the address; `rate_limited` for
 * an address, known or not, that is signed up again and again.
 */
export async function register(
  deps: Needs,
  input: { email: string; password: string; username?: string | undefined; name?: string | undefined },
): Promise<void> {
  const { db, requester } = deps
  const { email, password, username = null, name = null } = input
  assertPasswordAllowed(password, deps.settings, { email, username, name }, 'password')
  const passwordHash = await throttleOf(deps, { email }).hashSignUpPassword(password)
  if (passwordHash === null)
    throw new Refusal('rate_limited', { retryAfterSeconds: SIGN_UPS_PER_ADDRESS.windowSeconds })
  const now = deps.now()
  const userId = newId()
  const mailId = newId()
  const token = newOneTimeToken(now, VERIFICATION_TOKEN_TTL_SECONDS)
  // Nobody holds the name before the address is confirmed. Otherwise a second sign-up with the name would tell that the
  // first one made an account.
  const names = deps.settings.requireEmailVerification ? { usernameWish: username } : { username }
  // A known address is only inserted where the username is taken, so both errors mean that the username is taken.
  const { ended } = await refuseTaken(
    inOneBatch(db, {
      ...registrationStatements(
        db,
        {
          id: userId,
          email,
          ...names,
          name,
          passwordHash,
          passwordChangedAt: now,
          locale: requester.locale,
          createdAt: now,
        },
        {
          mail: {
            id: mailId,
            facts: loginFacts(requester, now),
            providerNames: providerNames(deps),
          },
          token: { ...token, resetExpiresAt: now + RESET_TOKEN_TTL_SECONDS * 1000 },
          identity: null,
        },
      ),
      factors: removeUnprovenFactorsStatements(db, userIdByEmail(email), whenSignUpIsRepeated({ id: userId, email })),
      audit: registrationAuditStatements(db, { userId, email, mailId, at: now }, requester),
    }),
    USERNAME_TAKEN,
    { column: 'users.email', code: 'username_taken' },
  )
  await revokeSessions(deps, ended)
  await deps.announceMails([mailId])
}
