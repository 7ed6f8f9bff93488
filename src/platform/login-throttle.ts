import { askDependency } from './dependency.ts'

/**
 * A password to check. `isBarred` says that the account may not log in, whatever the password is. `floorMs` is the time
 * that a wrong one takes at least, so that it does not tell how the password is hashed.
 */
export interface LoginTry {
  password: string
  hash: string | null
  deviceId: string | null
  isBarred: boolean
  floorMs: number
}

/** The refusal of an attempt. `isFirst` marks the attempt that found a budget newly spent. */
export interface Throttled {
  outcome: 'throttled'
  retryAfterSeconds: number
  isFirst: boolean
}

/** The result of an attempt to log in. */
export type LoginAttempt =
  /** `rehash` is a hash of today's strength, where the verified one was weaker. */
  | { outcome: 'right'; rehash: string | null }
  | { outcome: 'wrong' }
  /**
   * The password was right but the account is barred. It counted as a failure, so that nobody can tell it from a wrong
   * one.
   */
  | { outcome: 'barred' }
  | Throttled

/** A try of the second factor that goes by this method. */
export interface FactorTry {
  method: string
  deviceId: string | null
}

/** Whether a factor may be tried. `drawnOn` names the budgets that a right try clears. */
export type FactorAdmission = { outcome: 'admitted'; drawnOn: string[] } | Throttled

/** The failures that one budget counts, and the time of the last one in milliseconds. */
export interface CountedFailures {
  budget: string
  count: number
  lastAt: number
}

/**
 * Checks and hashes the passwords of one account, and counts the tries of its second factors, behind its throttle.
 * When the object does not answer, it throws a `DependencyError` and lets nobody in.
 */
export interface AccountThrottle {
  attempt(input: LoginTry): Promise<LoginAttempt>
  /** Makes the hash of a new account's password; null when the address was signed up too often. */
  hashSignUpPassword(password: string): Promise<string | null>
  hashPassword(password: string): Promise<string>
  resetPassword(password: string): Promise<string>
  /** Counts a try of a second factor, before it is compared. */
  countFactorTry(input: FactorTry): Promise<FactorAdmission>
  clearFactorTries(drawnOn: readonly string[]): Promise<void>
  /** Makes the hashes of the recovery codes of one account. */
  hashRecoveryCodes(codes: readonly string[]): Promise<string[]>
  /** Finds the hash of a recovery code among those of its account. */
  findRecoveryCode(code: string, hashes: readonly string[]): Promise<string | null>
  listFailures(): Promise<CountedFailures[]>
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
    countFactorTry: (input) => call((stub) => stub.countFactorTry(input)),
    clearFactorTries: (drawnOn) => call((stub) => stub.clearFactorTries(drawnOn)),
    hashRecoveryCodes: (codes) => call((stub) => stub.hashRecoveryCodes(codes)),
    findRecoveryCode: (code, hashes) => call((stub) => stub.findRecoveryCode(code, hashes)),
    listFailures: () => call((stub) => stub.listFailures()),
  }
}
