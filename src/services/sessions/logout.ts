import { verifyToken } from '../../crypto/derived-token.ts'
import { openAccessToken, type RevocationNeeds } from '../introspection/introspection.ts'
import { endNamedSessions } from './ending.ts'

/**
 * Ends the session that the tokens belong to. An access token that has only expired still ends it: whoever comes back
 * to log out after an hour means it. Tokens that are worth nothing end nothing, and nobody is told.
 */
export async function logOut(
  deps: RevocationNeeds,
  { accessToken, refreshToken }: { accessToken: string | null; refreshToken: string | null },
): Promise<void> {
  const access = accessToken === null ? null : await openAccessToken(deps, accessToken, { mayHaveExpired: true })
  const refresh = refreshToken === null ? null : verifyToken(deps.settings.secrets, refreshToken, 'refresh')
  if (access || refresh) await endNamedSessions(deps, { access, refresh })
}
