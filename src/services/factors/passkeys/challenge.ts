import { PASSKEY_CHALLENGE_TTL_SECONDS } from '../../../config.ts'
import { toChallenge } from '../../../crypto/code-challenge.ts'
import { makeToken, type TokenPurpose, type TokenSubject, verifyToken } from '../../../crypto/derived-token.ts'
import type { Platform } from '../../../platform/platform.ts'
import type { SpentState } from '../../../storage/spent-states.ts'
import { newSalt } from '../../identifiers.ts'

type ChallengePurpose = Extract<TokenPurpose, `passkey_${string}`>

/** The id of what a challenge is bound to, and the salt of a token that stands for it. */
type Bound = Pick<TokenSubject, 'id' | 'salt'>

/** What the ticket of a ceremony says. As a row it is stored once it is used, and not before. */
export interface Challenge extends SpentState {
  ticket: string
  purpose: ChallengePurpose
  /** The user or the waiting login that alone may answer. It is nobody where the person was not named yet. */
  boundTo: Bound
}

const MINUTE_MS = 60_000

/**
 * Makes the ticket of a ceremony, which also is its challenge. Asking for one stores nothing, so that strangers who ask
 * ten thousand times cost ten thousand MACs. The generation of the token is the minute in which it expires.
 */
export function makeChallenge(
  { settings, now }: Pick<Platform, 'settings' | 'now'>,
  purpose: ChallengePurpose,
  boundTo: Partial<Bound> = {},
): string {
  const generation = Math.ceil((now() + PASSKEY_CHALLENGE_TTL_SECONDS * 1000) / MINUTE_MS)
  return makeToken(settings.secrets, { purpose, id: crypto.randomUUID(), salt: newSalt(), ...boundTo, generation })
}

/**
 * Reads a ticket that was made for one of these purposes and has not expired. Whether it was answered before, only the
 * batch that answers it can tell (`spendStateStatement`).
 */
export function readChallenge(
  { settings, now }: Pick<Platform, 'settings' | 'now'>,
  ticket: string,
  purposes: readonly ChallengePurpose[],
): Challenge | null {
  for (const purpose of purposes) {
    const subject = verifyToken(settings.secrets, ticket, purpose)
    if (subject === null) continue
    const expiresAt = subject.generation * MINUTE_MS
    return now() < expiresAt ? { id: toChallenge(ticket), expiresAt, ticket, purpose, boundTo: subject } : null
  }
  return null
}
