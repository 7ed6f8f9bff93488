import { askDependency } from './dependency.ts'

/** How an attempt to log in ended; `isFirst` marks the attempt that found the account newly throttled. */
export type LoginAttempt =
  /** `rehash` is a hash of today's strength, when the verified one was weaker. */
  | { outcome: 'right'; rehash: string | null }
  | { outcome: 'wrong' }
  | { outcome: 'throttled'; retryAfterSeconds: number; isFirst: boolean }

/** The passwords of one account, behind its throttle. Fails closed: `DependencyError` when the object does not answer. */
export interface LoginThrottle {
  attempt(input: { password: string; hash: string | null; deviceId: string | null }): Promise<LoginAttempt>
  /** Null when the address was signed up too often. */
  hashSignUpPassword(password: string): Promise<string | null>
  hashPassword(password: string): Promise<string>
  resetPassword(password: string): Promise<string>
}

/** The throttle object of an account, by its keyed name. */
export function openLoginThrottle(objects: { getByName(name: string): LoginThrottle }, name: string): LoginThrottle {
  const call = <Answer>(ask: (stub: LoginThrottle) => Promise<Answer>): Promise<Answer> =>
    askDependency('login_throttle', () => ask(objects.getByName(name)))
  return {
    attempt: (input) => call((stub) => stub.attempt(input)),
    hashSignUpPassword: (password) => call((stub) => stub.hashSignUpPassword(password)),
    hashPassword: (password) => call((stub) => stub.hashPassword(password)),
    resetPassword: (password) => call((stub) => stub.resetPassword(password)),
  }
}
