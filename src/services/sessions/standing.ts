import { RECENT_LOGIN_MAX_AGE_SECONDS } from '../../config.ts'
import { Refusal } from '../../errors.ts'
import type { Platform } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import type { Session } from '../../storage/sessions/sessions.ts'
import { hasStrongFactor, stepUpMethodsOf } from '../factors/registry.ts'
import { trustedUntil } from './remembered-devices.ts'

/** The part of an account and of a session that says how much the session is good for. */
export type StandingAccount = Pick<Account, 'isFactorRequired' | 'factors'>
export type StandingSession = Pick<Session, 'strongAuthenticatedAt' | 'deviceTrustedAt'>

type Needs = Pick<Platform, 'now' | 'settings'>

interface SignedIn {
  account: Account
  session: Session
}

/** What a session lacks of what a role of its account requires. */
type Shortfall = 'enrolment_required' | 'step_up_required'

/**
 * Finds what a session lacks where a role of its account requires a strong factor: the account has none yet, or has
 * one that neither this session nor its device has shown. The latter keeps out somebody who knows the password and
 * waits, signed in, until the owner sets a factor up.
 */
export function findShortfall(deps: Needs, account: StandingAccount, session: StandingSession): Shortfall | null {
  if (!account.isFactorRequired) return null
  if (!hasStrongFactor(account)) return 'enrolment_required'
  const wasShown = session.strongAuthenticatedAt !== null || trustedUntil(deps, session.deviceTrustedAt) !== null
  return wasShown ? null : 'step_up_required'
}

/**
 * Lets a session go on only where it lacks nothing that a role of its account requires.
 * @throws {Refusal} `enrolment_required`, `step_up_required`.
 */
export function assertFullStanding(
  deps: Needs,
  { account, session }: { account: Account; session: StandingSession },
): void {
  const shortfall = findShortfall(deps, account, session)
  if (shortfall === null) return
  throw shortfall === 'step_up_required' ? toStepUpRefusal(deps, account) : new Refusal(shortfall)
}

/**
 * Asks for a login of the last ten minutes before a change of what opens an account, or what cannot be undone (ASVS
 * 7.5.1). Where the account has a strong factor, that login must have shown one: a factor that was shown once, long
 * ago, does not count, and neither does a password that was repeated.
 * @throws {Refusal} `step_up_required`.
 */
export function assertRecentLogin(deps: Needs, { account, session }: SignedIn): void {
  const shownAt = hasStrongFactor(account) ? session.strongAuthenticatedAt : session.authenticatedAt
  if (shownAt === null || deps.now() - shownAt > RECENT_LOGIN_MAX_AGE_SECONDS * 1000)
    throw toStepUpRefusal(deps, account)
}

/** Does the same for an account that has a strong factor, and asks nothing of any other. */
export function assertRecentFactor(deps: Needs, caller: SignedIn): void {
  if (hasStrongFactor(caller.account)) assertRecentLogin(deps, caller)
}

/** Makes the refusal that names the ways in which a caller can prove once more who they are. */
export const toStepUpRefusal = (deps: Needs, account: Account): Refusal =>
  new Refusal('step_up_required', {
    members: { maxAgeSeconds: RECENT_LOGIN_MAX_AGE_SECONDS, methods: stepUpMethodsOf(deps, account) },
  })
