import { DurableObject } from 'cloudflare:workers'
import { LOGIN_FORGET_SECONDS } from '../config.ts'
import { ABSENT_PASSWORD_HASH, hashPassword, needsRehash, verifyPassword } from '../crypto/password-hash.ts'
import type { LoginAttempt } from '../platform/login-throttle.ts'
import {
  ALL_DEVICES,
  addFailure,
  type Budget,
  DEVICE,
  type Failures,
  recall,
  STRANGERS,
  waitMs,
} from './throttle-policy.ts'

/**
 * One object an account: every password of the account is checked and made here, one at a time, so that the count of failures is
 * exact however many attempts come at once. Strangers share one budget and each known device has its own, so nobody can shut the
 * owner out (decision 6). Everything between reading and writing is synchronous. An object without failures stores nothing, and
 * the others forget by alarm.
 */
export class LoginThrottle extends DurableObject<Env> {
  /** Admits the attempt, counts it as failed, then checks the password; a right one clears the count. */
  attempt(input: { password: string; hash: string | null; deviceId: string | null }): LoginAttempt {
    const now = Date.now()
    const records = this.#recordsFor(input.deviceId, now)
    const wait = Math.max(...records.map((record) => record.wait))
    if (wait > 0) {
      const isFirst = this.ctx.storage.kv.get<boolean>('refusing') !== true
      if (isFirst) this.ctx.storage.kv.put('refusing', true)
      return { outcome: 'throttled', retryAfterSeconds: Math.ceil(wait / 1000), isFirst }
    }
    const isRight = verifyPassword(input.hash ?? ABSENT_PASSWORD_HASH, input.password) && input.hash !== null
    if (isRight) {
      for (const { key, failures } of records) if (failures.count > 0) this.ctx.storage.kv.delete(key)
      return { outcome: 'right', rehash: needsRehash(input.hash ?? '') ? hashPassword(input.password) : null }
    }
    for (const { key, failures } of records) this.ctx.storage.kv.put(key, addFailure(failures, now))
    this.ctx.storage.kv.delete('refusing')
    void this.ctx.storage.setAlarm(now + LOGIN_FORGET_SECONDS * 1000)
    return { outcome: 'wrong' }
  }

  /** Makes the hash of a new password. */
  hashPassword(password: string): string {
    return hashPassword(password)
  }

  /** Makes the hash of a password that a mailed token allows to set: whoever holds the token is no longer locked out. */
  async resetPassword(password: string): Promise<string> {
    await this.ctx.storage.deleteAll()
    return hashPassword(password)
  }

  /** Answers, for the readiness check. */
  ping(): string {
    return 'ok'
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll()
  }

  /** What an attempt draws on: a known device its own record and the devices' common one, anyone else the strangers'. */
  #recordsFor(deviceId: string | null, now: number) {
    const read = (key: string, budget: Budget) => {
      const failures = recall(this.ctx.storage.kv.get<Failures>(key), now)
      return { key, failures, wait: waitMs(failures, budget, now) }
    }
    const common = read('devices', ALL_DEVICES)
    return deviceId === null || common.wait > 0
      ? [read('strangers', STRANGERS)]
      : [read(`device:${deviceId}`, DEVICE), common]
  }
}
