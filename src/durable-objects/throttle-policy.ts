import {
  LOGIN_BACKOFF_BASE_SECONDS,
  LOGIN_BACKOFF_MAX_SECONDS,
  LOGIN_FORGET_SECONDS,
  LOGIN_FREE_FAILURES,
  LOGIN_MAX_DEVICE_FAILURES,
  LOGIN_MAX_STRANGER_FAILURES,
} from '../config.ts'

/**
 * The number of failed logins in a row, the time of the last one (milliseconds), and whether anybody was made to wait
 * since.
 */
export interface Failures {
  count: number
  lastAt: number
  isRefusing: boolean
}

/**
 * The record of a budget: the key under which it is stored, what is spent, and how long it makes the next attempt wait
 * (milliseconds).
 */
export interface BudgetRecord {
  key: string
  failures: Failures
  waitMs: number
}

/**
 * The limits of a budget: the number of failures that cost no wait, and the number after which nobody may try for a
 * day.
 */
interface Budget {
  free: number
  limit: number
}

const NONE: Failures = { count: 0, lastAt: 0, isRefusing: false }
/** The budget of everybody who comes without a known device. */
const STRANGERS: Budget = { free: LOGIN_FREE_FAILURES, limit: LOGIN_MAX_STRANGER_FAILURES }
/** The budget of one device that has logged in to the account before. */
const DEVICE: Budget = { free: LOGIN_FREE_FAILURES, limit: LOGIN_MAX_DEVICE_FAILURES }
/**
 * The budget of all known devices together. With the strangers' limit this makes 100 failures (NIST SP 800-63B-4
 * §3.2.2).
 */
const ALL_DEVICES: Budget = { free: LOGIN_MAX_DEVICE_FAILURES, limit: LOGIN_MAX_DEVICE_FAILURES }

/**
 * Gives the records of the budgets that an attempt draws on. A known device draws on its own budget and on the one of
 * all devices, and anybody else draws on that of strangers. When the budget of all devices is spent, devices are
 * treated as strangers. The first record says how long to wait.
 * @param scope begins the keys of the budgets: empty for those of the password, `factor:totp:` for those of a factor.
 */
export function recordsFor(
  read: (key: string) => Failures | undefined,
  deviceId: string | null,
  nowMs: number,
  scope = '',
): [BudgetRecord, ...BudgetRecord[]] {
  const open = (name: string, budget: Budget): BudgetRecord => {
    const key = `${scope}${name}`
    const stored = read(key)
    const failures = stored === undefined || isForgotten(stored, nowMs) ? NONE : stored
    return { key, failures, waitMs: waitMs(failures, budget, nowMs) }
  }
  const common = open('devices', ALL_DEVICES)
  return deviceId === null || common.waitMs > 0
    ? [open('strangers', STRANGERS)]
    : [open(`device:${deviceId}`, DEVICE), common]
}

/** Tells whether a record is forgotten, which it is after a day without a failure. */
export function isForgotten({ lastAt }: Failures, nowMs: number): boolean {
  return nowMs - lastAt >= LOGIN_FORGET_SECONDS * 1000
}

export function addFailure({ count }: Failures, nowMs: number): Failures {
  return { count: count + 1, lastAt: nowMs, isRefusing: false }
}

/** Gives how long to wait: at first not at all, and then twice as long after each failure. */
function waitMs({ count, lastAt }: Failures, { free, limit }: Budget, nowMs: number): number {
  if (count < free) return 0
  const backoff = Math.min(LOGIN_BACKOFF_BASE_SECONDS * 2 ** (count - free), LOGIN_BACKOFF_MAX_SECONDS)
  const delaySeconds = count >= limit ? LOGIN_FORGET_SECONDS : backoff
  return Math.max(0, lastAt + delaySeconds * 1000 - nowMs)
}
