import type { Tokens } from './api-types.ts'

/** Where the tokens of token mode are kept. Without one they live in the memory of the page alone (docs/client.md). */
export interface TokenStorage {
  get(): string | null | Promise<string | null>
  set(value: string): unknown
}

/** What opens the session here, and from when on it should be renewed. With cookies there are no tokens. */
export interface Grant {
  /** In milliseconds of `Date.now()`; null where it is not known. */
  dueAt: number | null
  accessToken?: string | undefined
  refreshToken?: string | undefined
  /** It stays after signing out: it gives this device a login budget of its own. */
  deviceToken?: string | undefined
}

export const NO_GRANT: Grant = { dueAt: null }

/** After this part of its life a token is renewed, so that none expires on its way. */
const RENEWED_AFTER = 0.9

export const dueIn = (lifeMs: number) => Date.now() + lifeMs * RENEWED_AFTER

export const isDue = ({ dueAt }: Grant) => dueAt !== null && Date.now() >= dueAt

/** Makes a grant of the tokens in an answer. */
export const grantOf = ({ expiresIn, accessToken, refreshToken }: Partial<Tokens> = {}): Grant => ({
  dueAt: expiresIn === undefined ? null : dueIn(expiresIn * 1000),
  accessToken,
  refreshToken,
})

/** Reads what was stored; what is not ours counts as nothing. */
export function readGrant(stored: string | null): Grant {
  try {
    const { dueAt = null, accessToken, refreshToken, deviceToken } = JSON.parse(stored ?? '{}')
    return { dueAt, accessToken, refreshToken, deviceToken }
  } catch {
    return NO_GRANT
  }
}
