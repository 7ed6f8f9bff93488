import { FACTOR_CODE_GUESSES } from '../../config.ts'
import type { MfaMethod } from '../../contracts/login.ts'
import { verifyToken } from '../../crypto/derived-token.ts'
import { Refusal } from '../../errors.ts'
import type { Mailing, Reading } from '../../platform/platform.ts'
import { consumeTokenStatement, countGuess } from '../../storage/one-time-tokens.ts'
import { tryFactor } from '../factors/attempt.ts'
import type { ShownFactor, VerifyingFactors } from '../factors/factor.ts'
import { mailLoginCode } from '../factors/mailed-code.ts'
import { findSecondFactor } from '../factors/registry.ts'
import { proveToken } from '../one-time-tokens.ts'
import { type OpenedSession, type OpeningNeeds, openSession, SECOND_FACTOR_SHOWN } from '../sessions/opening.ts'
import { type CountedLogin, readDevice, recordRefusal } from './login.ts'

/** Mails the code of a login that waits for its second factor. */
export async function sendMfaCode(deps: Reading & Mailing, ticket: string): Promise<void> {
  const waiting = await proveToken(deps, { token: ticket }, 'mfa_ticket')
  if (findSecondFactor(deps, waiting.account, 'email') === null)
    throw new Refusal('invalid_token', { reason: 'no mailed code beside a strong factor' })
  await mailLoginCode(deps, waiting)
}

/**
 * Completes a login with its second factor. The guess is counted before it is compared. When two right guesses come at
 * once, only one opens a session.
 * @throws {Refusal} `invalid_code`, whatever is wrong; `login_throttled`; `rate_limited`.
 */
export async function logInWithSecondFactor(
  deps: OpeningNeeds & VerifyingFactors,
  input: { ticket: string; method: MfaMethod; proof: ShownFactor['proof'] } & CountedLogin,
): Promise<OpenedSession> {
  const { db } = deps
  const claimed = verifyToken(deps.settings.secrets, input.ticket, 'mfa_ticket')
  const [found] = claimed
    ? await countGuess(db, { id: claimed.id, purpose: 'mfa_ticket', at: deps.now() }, FACTOR_CODE_GUESSES)
    : []
  const deviceId = found ? readDevice(deps, found.account.id, input.deviceToken) : null
  if (deviceId === null) await input.countStranger()
  if (found?.account.status !== 'active' || found.token.salt !== claimed?.salt)
    throw new Refusal('invalid_code', { reason: 'ticket' })
  const { token, account } = found
  const factor = findSecondFactor(deps, account, input.method)
  if (factor === null) {
    await recordRefusal(deps, 'login.failed', account, { reason: 'factor not set' })
    throw new Refusal('invalid_code', { reason: 'factor not set' })
  }
  const shown = await tryFactor(deps, factor, { account, token, proof: input.proof }, { deviceId, occasion: 'login' })
  const consumed = await consumeTokenStatement(db, token.id)
  if (!consumed.some(({ id }) => id === token.id))
    throw new Refusal('invalid_code', { reason: 'used at the same moment' })
  const methods = [...(token.methods ?? ['pwd']), ...shown, SECOND_FACTOR_SHOWN]
  return await openSession(deps, account, { methods, deviceId, replaces: input.replaces })
}
