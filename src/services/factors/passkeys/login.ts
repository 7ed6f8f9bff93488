import type { PasskeyAssertion } from '../../../contracts/passkeys.ts'
import { Refusal } from '../../../errors.ts'
import { findPasskey, whenPasskeyExists } from '../../../storage/factors/passkeys.ts'
import { type CountedLogin, readDevice, recordRefusal, refuseUnfit } from '../../login/login.ts'
import { logInWithWaitingFactor } from '../../login/second-factor.ts'
import { type OpenedSession, type OpeningNeeds, openSession, SECOND_FACTOR_SHOWN } from '../../sessions/opening.ts'
import type { TryingFactors } from '../attempt.ts'
import { PASSKEY_METHODS, recordUse, verifyAssertion } from './assertion.ts'
import { type Challenge, readChallenge } from './challenge.ts'

type Needs = OpeningNeeds & TryingFactors
type Input = { ticket: string; response: PasskeyAssertion } & CountedLogin

/**
 * Signs in with a passkey: alone, or as the second factor of a login that waits, as the ticket says.
 * @throws {Refusal} `invalid_passkey`, whatever is wrong; `rate_limited`; `account_deactivated` and
 * `email_not_verified` only after a right answer.
 */
export async function logInWithPasskey(deps: Needs, input: Input): Promise<OpenedSession> {
  const challenge = readChallenge(deps, input.ticket, ['passkey_login', 'passkey_second_factor'])
  if (challenge?.purpose === 'passkey_login') return await logInAlone(deps, challenge, input)
  const { ticket, response } = input
  const waiting = challenge && { id: challenge.boundTo }
  return await logInWithWaitingFactor(deps, waiting, { method: 'passkey', proof: { ticket, response } }, input)
}

/**
 * Signs in without a name and a password. Holding the key and showing oneself to its authenticator are two factors, so
 * no other one is asked for. Nobody can guess a signature, so no budget of the account is drawn on: a stranger who
 * knows the id of a passkey cannot lock its owner out.
 */
async function logInAlone(deps: Needs, challenge: Challenge, input: Input): Promise<OpenedSession> {
  const { response } = input
  const found = await findPasskey(deps.db, response.id)
  const account = found?.account ?? null
  const deviceId = account && readDevice(deps, account.id, input.deviceToken)
  if (deviceId === null) await input.countStranger()
  const refuse = async (reason: string, members = {}): Promise<never> => {
    await recordRefusal(deps, 'login.failed', account, { factor: 'passkey', reason })
    throw new Refusal('invalid_passkey', { reason, members })
  }
  if (found === null || account === null) return await refuse('unknown passkey', { unknownCredential: true })
  const { passkey } = found
  const shown = await verifyAssertion(deps, { passkey, challenge, response })
  if (!shown.ok) return await refuse(shown.error)
  if (!(await recordUse(deps, account, shown.value))) return await refuse('used at the same moment, or removed')
  await refuseUnfit(deps, account)
  return await openSession(deps, account, {
    methods: [...PASSKEY_METHODS, SECOND_FACTOR_SHOWN],
    deviceId,
    replaces: input.replaces,
    when: whenPasskeyExists(passkey.id),
  })
}
