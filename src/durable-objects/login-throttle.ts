import { DurableObject } from 'cloudflare:workers'
import { LOGIN_FORGET_SECONDS, SIGN_UPS_PER_ADDRESS } from '../config.ts'
import {
  ABSENT_PASSWORD_HASH,
  findHashOf,
  hashPassword,
  hashTogether,
  needsRehash,
} from '../crypto/password-hash/own-hash.ts'
import { verifyPassword } from '../crypto/password-hash/registry.ts'
import type {
  CountedFailures,
  FactorAdmission,
  FactorTry,
  LoginAttempt,
  LoginTry,
  Throttled,
} from '../platform/login-throttle.ts'
import { addFailure, type BudgetRecord, type Failures, isForgotten, recordsFor } from './throttle-policy.ts'

/** The keys of the budgets of second factors begin with this, so that a new password leaves them alone. */
const FACTOR_SCOPE = 'factor:'

/**
 * There is one object for each account. It checks and hashes every password of the account, one at a time, so that the
 * count of failures is exact however many attempts come at once. It also counts the tries of the second factors, each
 * under budgets of its own. Strangers share one budget and each known device has its own, so that nobody can lock the
 * owner out. It awaits nothing between reading and writing. An object without
 * failures stores nothing, and an alarm makes the others forget theirs.
 */
export class LoginThrottle extends DurableObject<Env> {
  #signUps = { window: 0, count: 0 }
  #turnEndsAt = 0

  /**
   * Refuses an attempt that comes too early; otherwise it checks the password. A wrong password counts before anything
   * else can run, and a right one clears the budget that it drew on. The right password of a barred account counts as a
   * wrong one, because otherwise it could be told by never being throttled. Only the first refusal after a failure is
   * marked for the audit trail, so that a long attack does not fill the trail.
   *
   * The answer to a wrong password waits for the floor of its attempt, and those of attempts that come together wait
   * one after the other, as they would if each check took that long. The time is reckoned before the check, because in
   * production the clock stands still while it runs (docs/decisions/0029-foreign-hashes.md).
   */
  async attempt(input: LoginTry): Promise<LoginAttempt> {
    const now = Date.now()
    const turnEndsAt = Math.max(now, this.#turnEndsAt) + input.floorMs
    const turn = input.floorMs > 0 ? scheduler.wait(turnEndsAt - now) : Promise.resolve()
    const attempted = this.#attemptNow(input)
    if (attempted.outcome === 'right' || attempted.outcome === 'throttled') return attempted
    this.#turnEndsAt = turnEndsAt
    await turn
    return attempted
  }

  #attemptNow(input: LoginTry): LoginAttempt {
    const records = this.#findRecords(input.deviceId)
    const throttled = this.#refuseEarly(records)
    if (throttled) return throttled
    const isRight = verifyPassword(input.hash ?? ABSENT_PASSWORD_HASH, input.password) && input.hash !== null
    if (isRight && !input.isBarred) {
      this.#clear(records.filter(({ failures }) => failures.count > 0).map(({ key }) => key))
      return { outcome: 'right', rehash: needsRehash(input.hash ?? '') ? hashPassword(input.password) : null }
    }
    this.#addFailures(records)
    return { outcome: isRight ? 'barred' : 'wrong' }
  }

  /**
   * Refuses a try of a second factor that comes too early; otherwise it counts the try as wrong. It does so before the
   * try is compared, because that takes the database, and other tries run meanwhile.
   */
  countFactorTry({ method, deviceId }: FactorTry): FactorAdmission {
    const records = this.#findRecords(deviceId, `${FACTOR_SCOPE}${method}:`)
    const throttled = this.#refuseEarly(records)
    if (throttled) return throttled
    this.#addFailures(records)
    return { outcome: 'admitted', drawnOn: records.map(({ key }) => key) }
  }

  /** Clears the budgets that the right try of a second factor drew on. */
  clearFactorTries(drawnOn: readonly string[]): void {
    this.#clear(drawnOn)
  }

  /**
   * Makes the hash of a new account's password. The answer is null when this address was signed up too often within a
   * minute, whether or not it has an account: nobody needs to be signed in for this, so a flood from many places would
   * keep the owner's logins waiting. The count is only kept in memory, because a flood keeps the object in memory, too.
   * It waits for the turns of wrong passwords, because it would otherwise wait for a slow check and not for a fast one.
   */
  async hashSignUpPassword(password: string): Promise<string | null> {
    const hash = this.#hashSignUpPasswordNow(password)
    const waitMs = this.#turnEndsAt - Date.now()
    if (waitMs > 0) await scheduler.wait(waitMs)
    return hash
  }

  #hashSignUpPasswordNow(password: string): string | null {
    const window = Math.floor(Date.now() / (SIGN_UPS_PER_ADDRESS.windowSeconds * 1000))
    this.#signUps = { window, count: this.#signUps.window === window ? this.#signUps.count + 1 : 1 }
    return this.#signUps.count > SIGN_UPS_PER_ADDRESS.requests ? null : hashPassword(password)
  }

  /** Makes the hash of a new password for somebody who has proven the old one. */
  hashPassword(password: string): string {
    return hashPassword(password)
  }

  /**
   * Makes the hash of a password that a mailed token allows to set. It clears all failures of passwords, so that
   * whoever holds the token is no longer locked out. It clears none of second factors: somebody who reads the owner's
   * mails could otherwise guess at a factor without end.
   */
  resetPassword(password: string): string {
    const keys = [...this.ctx.storage.kv.list()].map(([key]) => key)
    this.#clear(keys.filter((key) => !key.startsWith(FACTOR_SCOPE)))
    return hashPassword(password)
  }

  /** Makes the hashes of recovery codes for somebody who is signed in. */
  hashRecoveryCodes(codes: readonly string[]): string[] {
    return hashTogether(codes)
  }

  /**
   * Finds the hash of a recovery code. Nobody can guess a code, so this draws on no budget; it runs here because
   * hashing would keep the Worker's other requests waiting.
   */
  findRecoveryCode(code: string, hashes: readonly string[]): string | null {
    return findHashOf(code, hashes)
  }

  /** Lists what is counted, for the export of the account. The ids of devices are left out: by them they are known. */
  listFailures(): CountedFailures[] {
    return [...this.ctx.storage.kv.list<Failures>()].map(([key, { count, lastAt }]) => ({
      budget: key.replace(/device:.*/, 'device'),
      count,
      lastAt,
    }))
  }

  /** Answers the readiness check. */
  ping(): string {
    return 'ok'
  }

  /**
   * Forgets all failures a day after the last one. An alarm may come twice or early; then it is set again for the right
   * time.
   */
  override async alarm(): Promise<void> {
    const records = [...this.ctx.storage.kv.list<Failures>()].map(([, failures]) => failures)
    if (records.every((failures) => isForgotten(failures, Date.now()))) await this.ctx.storage.deleteAll()
    else await this.ctx.storage.setAlarm(Math.max(...records.map(({ lastAt }) => lastAt)) + LOGIN_FORGET_SECONDS * 1000)
  }

  #findRecords(deviceId: string | null, scope?: string) {
    return recordsFor((key) => this.ctx.storage.kv.get<Failures>(key), deviceId, Date.now(), scope)
  }

  /** Gives the refusal of an attempt that comes too early, and notes that somebody was refused. */
  #refuseEarly([{ key, failures, waitMs }]: readonly [BudgetRecord, ...BudgetRecord[]]): Throttled | null {
    if (waitMs === 0) return null
    if (!failures.isRefusing) this.ctx.storage.kv.put(key, { ...failures, isRefusing: true })
    return { outcome: 'throttled', retryAfterSeconds: Math.ceil(waitMs / 1000), isFirst: !failures.isRefusing }
  }

  #addFailures(records: readonly BudgetRecord[]): void {
    const now = Date.now()
    for (const { key, failures } of records) this.ctx.storage.kv.put(key, addFailure(failures, now))
    void this.ctx.storage.setAlarm(now + LOGIN_FORGET_SECONDS * 1000)
  }

  /** Deletes records. With the last of them it deletes everything, the alarm included. */
  #clear(keys: readonly string[]): void {
    const { kv } = this.ctx.storage
    for (const key of keys) kv.delete(key)
    if (keys.length > 0 && [...kv.list({ limit: 1 })].length === 0) void this.ctx.storage.deleteAll()
  }
}
