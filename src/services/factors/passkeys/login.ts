import type { PasskeyAssertion } from '../../../contracts/passkeys.ts'
import { makeToken } from '../../../crypto/derived-token.ts'
import { Refusal } from '../../../errors.ts'
import { findPasskey } from '../../../storage/factors/passkeys.ts'
import { readDevice } from '../../login/device.ts'
import { type CountedLogin, refuseUnfit } from '../../login/login.ts'
import { recordRefusal } from '../../login/refusal.ts'
import { logInWithSecondFactor } from '../../login/second-factor.ts'
import { type OpenedSession, openSession, SECOND_FACTOR_SHOWN } from '../../sessions/opening.ts'
import { toProven, verifyAssertion } from './assertion.ts'
import { type Challenge, readChallenge } from './challenge.ts'

type Needs = Parameters<typeof logInWithSecondFactor>[0]
type Input = { ticket: string; response: PasskeyAssertion; rememberDevice: boolean } & CountedLogin

/**
 * Signs in with a passkey: alone, or as the second factor of a login that waits, as the ticket says.
 * @throws {Refusal} `invalid_passkey`, whatever is wrong; `rate_limited`; `account_deactivated` and
 * `email_not_verified` only after a right answer.
 */
export async function logInWithPasskey(deps: Needs, input: Input): Promise<OpenedSession> {
  const challenge = readChallenge(deps, input.ticket, ['passkey_login', 'passkey_second_factor'])
  try {
    if (challenge?.purpose === 'passkey_login') return await logInAlone(deps, challenge, input)
    return await completeWaitingLogin(deps, challenge, input)
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'invalid_code') throw error
    throw new Refusal('invalid_passkey', error.extras)
  }
}

/**
 * Shows a passkey to a login that waits. The challenge is derived from the ticket of that login, so the ticket follows
 * from it.
 */
async function completeWaitingLogin(deps: Needs, challenge: Challenge | null, input: Input): Promise<OpenedSession> {
  const { ticket, response, ...brought } = input
  const { secrets } = deps.settings
  const mfaTicket = challenge && makeToken(secrets, { ...challenge.boundTo, purpose: 'mfa_ticket', generation: 0 })
  const proof = { ticket, response }
  return await logInWithSecondFactor(deps, { ...brought, ticket: mfaTicket ?? '', method: 'passkey', proof })
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
    await recordRefusal(deps, account, { type: 'login.failed', details: { factor: 'passkey', reason } })
    throw new Refusal('invalid_passkey', { reason, members })
  }
  if (found === null || account === null) return await refuse('unknown passkey', { unknownCredential: true })
  const { passkey } = found
  const shown = await verifyAssertion(deps, { passkey, challenge, response })
  if (!shown.ok) return await refuse(shown.error)
  await refuseUnfit(deps, account)
  const proof = toProven(deps, account, shown.value)
  return await openSession(deps, account, {
    methods: [...proof.methods, SECOND_FACTOR_SHOWN],
    deviceId,
    replaces: input.replaces,
    rememberDevice: input.rememberDevice,
    proof,
  })
}
