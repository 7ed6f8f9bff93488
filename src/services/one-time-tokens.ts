import { CODE_GUESSES } from '../config.ts'
import { isRightCode, verifyToken } from '../crypto/derived-token.ts'
import { Refusal } from '../errors.ts'
import type { Platform, Reading } from '../platform/platform.ts'
import type { Account } from '../storage/accounts/accounts.ts'
import { countGuess, findToken, type OneTimeToken, type OneTimeTokenPurpose } from '../storage/one-time-tokens.ts'

/** What a person brings back from a mail: the token of its link, or its code with the address it went to. */
export type TokenProof = { token: string } | { email: string; code: string }

/**
 * Finds the row that a mailed token or code proves. This does not use it up: the batch that acts on the proof does so
 * last.
 * @throws {Refusal} `invalid_token`, whatever is wrong: form, signature, purpose, age, or a code guessed too often.
 */
export async function proveToken(
  deps: Reading,
  proof: TokenProof,
  purpose: OneTimeTokenPurpose,
): Promise<{ token: OneTimeToken; account: Account }> {
  const found =
    'token' in proof ? await findByToken(deps, proof.token, purpose) : await findByCode(deps, proof, purpose)
  if (found?.account.status !== 'active') throw new Refusal('invalid_token')
  return found
}

async function findByToken(deps: Reading, token: string, purpose: OneTimeTokenPurpose) {
  const claimed = verifyToken(deps.settings.secrets, token, purpose)
  return claimed && (await findToken(deps.db, claimed, purpose, deps.now()))
}

async function findByCode(
  deps: Reading,
  { email, code }: { email: string; code: string },
  purpose: OneTimeTokenPurpose,
) {
  const candidates = await countGuess(deps.db, { email, purpose, at: deps.now() }, CODE_GUESSES)
  return candidates.find(({ token }) => isRightCodeFor(deps, token, code)) ?? null
}

/** Tells whether the digits are those of this row's mail. The guess must have been counted before. */
export function isRightCodeFor(
  deps: Pick<Platform, 'settings'>,
  { id, purpose, salt }: OneTimeToken,
  code: string,
): boolean {
  return isRightCode(deps.settings.secrets, { purpose, id, generation: 0, salt }, code)
}

/**
 * Refuses a token that another request used up after it was proven and before the batch ran. The batch did nothing
 * then.
 */
export function refuseIfLost(consumed: readonly { id: string }[], tokenId: string): void {
  if (!consumed.some(({ id }) => id === tokenId)) throw new Refusal('invalid_token')
}
