import { isGenuineToken, readToken } from '../crypto/derived-token.ts'
import { AuthError } from '../errors.ts'
import type { Platform } from '../platform/compose.ts'
import { findLiveSession } from '../storage/sessions.ts'
import { verifySignature } from './authentication.ts'
import { endSession } from './session-ending.ts'

type Needs = Pick<Platform, 'db' | 'now' | 'client' | 'settings' | 'keyRing' | 'blocklist'>

/** Ends the session that the tokens belong to. Tokens that are worth nothing end nothing, and nobody is told. */
export async function logOut(
  deps: Needs,
  tokens: { accessToken: string | null; refreshToken: string | null },
): Promise<void> {
  const ended = tokens.accessToken === null ? null : await readAccessToken(deps, tokens.accessToken)
  if (ended) await endSession(deps, ended)
  const claimed = tokens.refreshToken === null ? null : readToken(tokens.refreshToken)
  if (!claimed || claimed.id === ended?.id) return
  const live = await findLiveSession(deps.db, claimed.id, deps.now(), 0)
  if (live && isGenuineToken(deps.settings.secrets, claimed, { purpose: 'refresh', salt: live.session.salt }))
    await endSession(deps, live.session)
}

async function readAccessToken(deps: Needs, accessToken: string): Promise<{ id: string; userId: string } | null> {
  try {
    const { sid, sub } = await verifySignature(deps, accessToken)
    return { id: sid, userId: sub }
  } catch (error) {
    if (error instanceof AuthError) return null
    throw error
  }
}
