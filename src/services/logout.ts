import { readToken } from '../crypto/derived-token.ts'
import { type RevocationNeeds, readAccessToken, revoke } from './introspection.ts'
import { endSessionOfToken } from './session-ending.ts'

/** Ends the session that the tokens belong to. Tokens that are worth nothing end nothing, and nobody is told. */
export async function logOut(
  deps: RevocationNeeds,
  tokens: { accessToken: string | null; refreshToken: string | null },
): Promise<void> {
  const access = tokens.accessToken === null ? null : await readAccessToken(deps, tokens.accessToken)
  if (access) await endSessionOfToken(deps, access)
  if (tokens.refreshToken !== null && readToken(tokens.refreshToken)?.id !== access?.sid)
    await revoke(deps, tokens.refreshToken)
}
