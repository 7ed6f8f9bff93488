import type { PageQuery } from '../../contracts/lists.ts'
import type { SessionView } from '../../contracts/sessions.ts'
import type { AccessTokenClaims } from '../../crypto/access-token.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import type { Reading } from '../../platform/platform.ts'
import { listLiveSessionsStatement, type Session } from '../../storage/sessions/sessions.ts'
import { describeDevice } from '../login/facts.ts'
import { isBehind, type Page, readPage } from '../paging.ts'
import { liveNow } from './live-sessions.ts'
import type { ReadAsCaller } from './reading.ts'
import { trustedUntil } from './remembered-devices.ts'

/**
 * Lists a page of a user's live sessions, newest first. There are never many (`MAX_SESSIONS_PER_USER`), so all of them
 * are read. `sid` is the session of the caller.
 * @throws {Refusal} `invalid_request` for a cursor that did not come from a page.
 */
export async function listSessions(
  deps: Reading,
  readAsCaller: ReadAsCaller,
  { userId, sid }: { userId: string } & Pick<AccessTokenClaims, 'sid'>,
  query: PageQuery,
): Promise<Page<SessionView>> {
  const positionOf = ({ createdAt, id }: Session) => ({ at: createdAt, id })
  return await readPage(query, {
    listRows: async (last) => {
      const sessions = await readAsCaller(listLiveSessionsStatement(deps.db, userId, liveNow(deps)))
      return last ? sessions.filter((session) => isBehind(positionOf(session), last)) : sessions
    },
    positionOf,
    toItem: (session) => toView(deps, session, sid),
  })
}

const toView = (deps: Reading, session: Session, currentId: string): SessionView => ({
  id: session.id,
  current: session.id === currentId,
  createdAt: toTimestamp(session.createdAt),
  lastSeenAt: toTimestamp(session.lastSeenAt),
  expiresAt: toTimestamp(session.expiresAt),
  device: {
    name: describeDevice(session.userAgent),
    userAgent: session.userAgent,
    rememberedUntil: toTimestamp(trustedUntil(deps, session.deviceTrustedAt)),
  },
  location: session.country === null ? null : { country: session.country, city: session.city },
})
