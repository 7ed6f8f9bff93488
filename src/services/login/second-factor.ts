import type { MfaMethod } from '../../contracts/login.ts'
import { Refusal } from '../../errors.ts'
import type { Mailing, Reading } from '../../platform/platform.ts'
import { whenAll, whenTokenExists } from '../../storage/conditions.ts'
import { consumeTokenStatement } from '../../storage/one-time-tokens.ts'
import { tryFactor } from '../factors/attempt.ts'
import type { ProvenFactor, ShownFactor, VerifyingFactors } from '../factors/factor.ts'
import { mailLoginCode } from '../factors/mailed-code.ts'
import { findSecondFactor } from '../factors/registry.ts'
import { type OpenedSession, type OpeningNeeds, openSession, SECOND_FACTOR_SHOWN } from '../sessions/opening.ts'
import type { CountedLogin } from './login.ts'
import { recordRefusal } from './refusal.ts'
import { countTry, openTicket } from './ticket.ts'

interface SecondFactorLogin extends CountedLogin {
  ticket: string
  method: MfaMethod
  proof: ShownFactor['proof']
  /** Whether later logins of this device are to ask for no second factor for a while. */
  rememberDevice: boolean
}

/** Mails the code of a login that waits for its second factor. @throws {Refusal} `invalid_token`. */
export async function sendMfaCode(
  deps: Reading & Mailing,
  ticket: { ticket: string; deviceToken: string | null },
): Promise<void> {
  const waiting = await openTicket(deps, ticket)
  if (findSecondFactor(deps, waiting.account, 'email') === null)
    throw new Refusal('invalid_token', { reason: 'no mailed code beside a strong factor' })
  await mailLoginCode(deps, waiting)
}

/**
 * Completes a login with its second factor. The try is counted before the factor is looked at. When two right ones come
 * at once, only one opens a session.
 * @throws {Refusal} `invalid_code`, whatever is wrong; `login_throttled`; `rate_limited`.
 */
export async function logInWithSecondFactor(
  deps: OpeningNeeds & VerifyingFactors,
  { method, proof, rememberDevice, replaces, countStranger, ...brought }: SecondFactorLogin,
): Promise<OpenedSession> {
  const { token, account, deviceId } = await countTry(deps, brought, countStranger)
  const factor = findSecondFactor(deps, account, method)
  if (factor === null) {
    await recordRefusal(deps, account, {
      type: 'login.failed',
      details: { factor: method, reason: 'no such factor' },
    })
    throw new Refusal('invalid_code', { reason: 'no such factor' })
  }
  const proven = await tryFactor(deps, factor, { account, token, proof }, { deviceId, occasion: 'login' })
  const opened = await openSession(deps, account, {
    methods: [...(token.methods ?? ['pwd']), ...proven.methods, SECOND_FACTOR_SHOWN],
    deviceId,
    replaces,
    rememberDevice,
    proof: withTicket(deps, proven, token.id),
  })
  return { ...opened, account: { ...opened.account, factors: proven.factorsAfter ?? account.factors } }
}

/** The ticket of a login is used up with the factor. */
const withTicket = ({ db }: Pick<Reading, 'db'>, proven: ProvenFactor, ticketId: string): ProvenFactor => ({
  ...proven,
  whenUnused: whenAll([whenTokenExists(ticketId), proven.whenUnused]),
  use: (when) => {
    const { statements, mails } = proven.use(when)
    return { statements: [...statements, consumeTokenStatement(db, ticketId, when)], mails }
  },
})
