import { PasskeyAssertion } from '../../../contracts/passkeys.ts'
import {
  deletePasskeysStatement,
  findPasskey,
  whenPasskeyIsSet,
  whenPasskeyOpensAlone,
} from '../../../storage/factors/passkeys.ts'
import type { Factor, ShownFactor } from '../factor.ts'
import { toProven, verifyAssertion } from './assertion.ts'
import { type Challenge, readChallenge } from './challenge.ts'

/** A passkey or a security key (WebAuthn Level 3), shown beside a password or once more by somebody signed in. */
export const passkey: Factor = {
  method: 'passkey',
  isStrong: true,
  isFallback: false,
  isGuessable: false,
  isSet: ({ factors }) => factors.passkeys > 0,
  describe: ({ factors }) => ({ passkeys: factors.passkeys }),
  async verify(deps, { account, token, proof }) {
    if (!('ticket' in proof)) return null
    const challenge = readChallenge(deps, proof.ticket, ['passkey_second_factor', 'passkey_step_up', 'passkey_login'])
    const response = PasskeyAssertion.safeParse(proof.response).data
    if (challenge === null || response === undefined || !isFor(challenge, { account, token })) return null
    const found = await findPasskey(deps.db, response.id)
    if (found?.account.id !== account.id) return null
    const shown = await verifyAssertion(deps, { passkey: found.passkey, challenge, response })
    return shown.ok ? toProven(deps, account, shown.value) : null
  },
  whenSet: whenPasskeyIsSet,
  remove: deletePasskeysStatement,
  whenOpensAlone: whenPasskeyOpensAlone,
}

/**
 * Tells whether this account may answer a challenge here: at a login only that of the login's own ticket, and once it
 * is signed in also one that was made for nobody, which any page asks for to offer all passkeys of a device.
 */
function isFor({ purpose, boundTo }: Challenge, { account, token }: Pick<ShownFactor, 'account' | 'token'>): boolean {
  if (token !== null) return purpose === 'passkey_second_factor' && boundTo.id === token.id
  return purpose === 'passkey_login' || (purpose === 'passkey_step_up' && boundTo.id === account.id)
}
