import type { Settings } from '../env.ts'
import { askDependency } from './dependency.ts'

/** A password to check; `isBarred` says that the account may not log in, whatever the password. */
export interface LoginTry {
  password: string
  hash: string | null
  deviceId: string | null
  isBarred: boolean
}

/** How an attempt to log in ended; `isFirst` marks the attempt that found the account newly throttled. */
export type LoginAttempt =
  /** `rehash` is a hash of today's strength, when the verified one was weaker. */
  | { outcome: 'right'; rehash: string | null }
  | { outcome: 'wrong' }
  /**
   * The right password of an account that is barred: it counted as a failure, so that nobody can tell it from a wrong
   * one.
   */
  | { outcome: 'barred' }
  | { outcome: 'throttled'; retryAfterSeconds: number; isFirst: boolean }

/**
 * Checks and hashes the passwords of one account, behind its throttle. It fails closed, with a `DependencyError`, when
 * the object does not answer.
 */
export interface AccountThrottle {
  attempt(input: LoginTry): Promise<LoginAttempt>
  /** Null when the address was signed up too often. */
  hashSignUpPassword(password: string): Promise<string | null>
  hashPassword(password: string): Promise<string>
  resetPassword(password: string): Promise<string>
}

/**
 * Finds a throttle object by its keyed name. An object stays for ever where it is first asked for, so all of them are
 * asked for in one region: neither distance nor who asked first tells whether a name has an account.
 */
export function openThrottleObject<Stub>(
  objects: { getByName(name: string, options: { locationHint: DurableObjectLocationHint }): Stub },
  name: string,
  region: Settings['region'],
): Stub {
  return objects.getByName(name, { locationHint: region })
}

/** Gives the passwords of an account, asked of the throttle object that `open` finds. */
export function openLoginThrottle(open: () => AccountThrottle): AccountThrottle {
  const call = <Answer>(ask: (stub: AccountThrottle) => Promise<Answer>): Promise<Answer> =>
    askDependency('login_throttle', () => ask(open()))
  return {
    attempt: (input) => call((stub) => stub.attempt(input)),
    hashSignUpPassword: (password) => call((stub) => stub.hashSignUpPassword(password)),
    hashPassword: (password) => call((stub) => stub.hashPassword(password)),
    resetPassword: (password) => call((stub) => stub.resetPassword(password)),
  }
}
