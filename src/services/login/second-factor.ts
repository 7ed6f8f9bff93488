import { CODE_GUESSES } from '../../config.ts'
import type { MfaMethod } from '../../contracts/login.ts'
import { verifyToken } from '../../crypto/derived-token.ts'
import { Refusal } from '../../errors.ts'
import type { Mailing, Reading } from '../../platform/platform.ts'
import { consumeTokenStatement, countGuess } from '../../storage/one-time-tokens.ts'
import type { ShownFactor } from '../factors/factor.ts'
import { mailLoginCode } from '../factors/mailed-code.ts'
import { findSecondFactor } from '../factors/registry.ts'
import { proveToken } from '../one-time-tokens.ts'
import { type OpenedSession, type OpeningNeeds, openSession, SECOND_FACTOR_SHOWN } from '../sessions/opening.ts'
import { type CountedLogin, readDevice, recordRefusal } from './login.ts'

/** Mails the code of a login that waits for its second factor. */
export async function sendMfaCode(deps: Reading & Mailing, ticket: string): Promise<void> {
  await mailLoginCode(deps, await proveToken(deps, { token: ticket }, 'mfa_ticket'))
}

/**
 * Completes a login with its second factor. The guess is counted before it is compared. When two right guesses come at
 * once, only one opens a session.
 * @throws {Refusal} `invalid_code`, whatever is wrong; `rate_limited`.
 */
export async function logInWithSecondFactor(
  deps: OpeningNeeds,
  input: { ticket: string; method: MfaMethod; code: string } & CountedLogin,
): Promise<OpenedSession> {
  const { method, code, ticket } = input
  const claimed = verifyToken(deps.settings.secrets, ticket, 'mfa_ticket')
  return await logInWithWaitingFactor(deps, claimed, { method, proof: { code } }, input)
}

/**
 * Completes the login that waits under a ticket, whichever way the ticket was named: by itself, or by the challenge of
 * a passkey that is bound to it.
 * @throws {Refusal} `invalid_code`, whatever is wrong; `rate_limited`.
 */
export async function logInWithWaitingFactor(
  deps: OpeningNeeds,
  claimed: { id: string; salt?: string } | null,
  { method, proof }: { method: MfaMethod; proof: ShownFactor['proof'] },
  input: CountedLogin,
): Promise<OpenedSession> {
  const { db } = deps
  const [found] = claimed
    ? await countGuess(db, { id: claimed.id, purpose: 'mfa_ticket', at: deps.now() }, CODE_GUESSES)
    : []
  const deviceId = found ? readDevice(deps, found.account.id, input.deviceToken) : null
  if (deviceId === null) await input.countStranger()
  if (found?.account.status !== 'active' || (claimed?.salt ?? found.token.salt) !== found.token.salt)
    throw new Refusal('invalid_code', { reason: 'ticket' })
  const { token, account } = found
  const factor = findSecondFactor(account, method)
  const shown = factor && (await factor.verify(deps, { account, token, proof }))
  if (!shown) {
    await recordRefusal(deps, 'login.failed', account, { reason: 'wrong code' })
    throw new Refusal('invalid_code', { reason: 'wrong code' })
  }
  const consumed = await consumeTokenStatement(db, token.id)
  if (!consumed.some(({ id }) => id === token.id))
    throw new Refusal('invalid_code', { reason: 'used at the same moment' })
  const methods = [...(token.methods ?? ['pwd']), ...shown, SECOND_FACTOR_SHOWN]
  return await openSession(deps, account, { methods, deviceId, replaces: input.replaces })
}
