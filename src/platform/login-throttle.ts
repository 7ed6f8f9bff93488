import { askDependency } from './dependency.ts'

/** A password to check. `isBarred` says that the account may not log in, whatever the password is. */
export interface LoginTry {
  password: string
  hash: string | null
  deviceId: string | null
  isBarred: boolean
}

/** The result of an attempt to log in. `isFirst` marks the attempt that found the account newly throttled. */
export type LoginAttempt =
  /** `rehash` is a hash of today's strength, where the verified one was weaker. */
  | { outcome: 'right'; rehash: string | null }
  | { outcome: 'wrong' }
  /**
   * The password was right but the account is barred. It counted as a failure, so that nobody can tell it from a wrong
   * one.
   */
  | { outcome: 'barred' }
  | { outcome: 'throttled'; retryAfterSeconds: number; isFirst: boolean }

/**
 * Checks and hashes the passwords of one account, behind its throttle. When the object does not answer, it throws a
 * `DependencyError` and lets nobody in.
 */
export interface AccountThrottle {
  attempt(input: LoginTry): Promise<LoginAttempt>
  /** Makes the hash of a new account's password; null when the address was signed up too often. */
  hashSignUpPassword(password: string): Promise<string | null>
  hashPassword(password: string): Promise<string>
  resetPassword(password: string): Promise<string>
}

/** Makes the throttle of an account, which asks the object that `open` finds. */
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
