import {
  LOGIN_BACKOFF_BASE_SECONDS,
  LOGIN_BACKOFF_MAX_SECONDS,
  LOGIN_FORGET_SECONDS,
  LOGIN_FREE_FAILURES,
  LOGIN_MAX_DEVICE_FAILURES,
  LOGIN_MAX_STRANGER_FAILURES,
} from '../config.ts'

/** Failed logins in a row, and when the last one was (milliseconds). */
export interface Failures {
  count: number
  lastAt: number
}

const NONE: Failures = { count: 0, lastAt: 0 }

/** What is left of a record after a day without a failure: nothing. */
export function recall(failures: Failures | undefined, nowMs: number): Failures {
  return failures === undefined || nowMs - failures.lastAt >= LOGIN_FORGET_SECONDS * 1000 ? NONE : failures
}

/** What a record may spend: failures without a wait, and the number that shuts the door for a day. */
export interface Budget {
  free: number
  limit: number
}

/** Anyone who is not known. */
export const STRANGERS: Budget = { free: LOGIN_FREE_FAILURES, limit: LOGIN_MAX_STRANGER_FAILURES }
/** One device that has logged in to the account before. */
export const DEVICE: Budget = { free: LOGIN_FREE_FAILURES, limit: LOGIN_MAX_DEVICE_FAILURES }
/** All known devices together: with the strangers' limit this makes 100 (NIST SP 800-63B-4 §3.2.2). */
export const ALL_DEVICES: Budget = { free: LOGIN_MAX_DEVICE_FAILURES, limit: LOGIN_MAX_DEVICE_FAILURES }

/** How long a record waits before its next attempt, in milliseconds: not at first, then twice as long after each failure. */
export function waitMs(failures: Failures, budget: Budget, nowMs: number): number {
  if (failures.count < budget.free) return 0
  const backoff = LOGIN_BACKOFF_BASE_SECONDS * 2 ** (failures.count - budget.free)
  const delaySeconds =
    failures.count >= budget.limit ? LOGIN_FORGET_SECONDS : Math.min(backoff, LOGIN_BACKOFF_MAX_SECONDS)
  return Math.max(0, failures.lastAt + delaySeconds * 1000 - nowMs)
}

export function addFailure(failures: Failures, nowMs: number): Failures {
  return { count: failures.count + 1, lastAt: nowMs }
}
