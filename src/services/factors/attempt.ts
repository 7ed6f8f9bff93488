import type { AuditFact } from '../../domain/audit-events.ts'
import { Refusal } from '../../errors.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { bySelf, byStranger } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { throttleOf } from '../identifiers.ts'
import type { Factor, ProvenFactor, ShownFactor, VerifyingFactors } from './factor.ts'

/** Where a factor is tried: to complete a login, or by somebody who is signed in and proves once more who they are. */
interface FactorOccasion {
  /** The device, if it has logged in to this account before. */
  deviceId: string | null
  occasion: 'login' | 'step_up' | 'reauthentication'
}

type AttemptFact = Extract<AuditFact, { type: `${FactorOccasion['occasion']}.${'failed' | 'throttled'}` }>

/**
 * Tries a second factor under the throttle of its account. Each factor has a budget of its own, apart from that of the
 * password, and each known device too. The try is counted before it is compared, so that a hundred at once are a
 * hundred (ASVS 6.5.1, 6.6.3), and a right one clears the budget that it drew on. When the throttle refuses several
 * tries in a row, only the first is audited.
 * The caller uses up what was proven.
 * @throws {Refusal} `invalid_code`, `login_throttled`.
 */
export async function tryFactor(
  deps: VerifyingFactors,
  factor: Factor,
  shown: ShownFactor,
  { deviceId, occasion }: FactorOccasion,
): Promise<ProvenFactor> {
  const { account } = shown
  const { method, isGuessable } = factor
  const recordThat = async (fact: AttemptFact) =>
    await auditStatement(deps.db, { ...fact, at: deps.now(), ...actorsOf(occasion, account) }, deps.requester)
  const throttle = throttleOf(deps, account)
  const admission = isGuessable ? await throttle.countFactorTry({ method, deviceId }) : null
  if (admission?.outcome === 'throttled') {
    const { retryAfterSeconds, isFirst } = admission
    if (isFirst) await recordThat({ type: `${occasion}.throttled`, details: { factor: method, retryAfterSeconds } })
    throw new Refusal('login_throttled', { retryAfterSeconds })
  }
  const proven = await factor.verify(deps, shown)
  if (proven === null) {
    await recordThat({ type: `${occasion}.failed`, details: { factor: method, reason: 'wrong code' } })
    throw new Refusal('invalid_code', { reason: 'wrong code' })
  }
  if (admission) await throttle.clearFactorTries(admission.drawnOn)
  return proven
}

const actorsOf = (occasion: FactorOccasion['occasion'], account: Account) =>
  occasion === 'login' ? byStranger(account) : bySelf(account)
