import { placeOf } from '../../domain/ended-sessions.ts'
import type { EndingSessions, Platform, Signing } from '../../platform/platform.ts'
import { bySelf, byService } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenSessionIsOf } from '../../storage/conditions.ts'
import {
  endSessionStatement,
  endSessionsStatement,
  findNamedSessions,
  type NamedSessions,
  type Session,
} from '../../storage/sessions/sessions.ts'
import { forgetDevicesStatement, forgetSessionDeviceStatement } from '../../storage/sessions/trusted-devices.ts'
import { nameSessions } from './authentication.ts'

/** Puts ended sessions on the blocklist, so that reads refuse their access tokens too. */
export async function revokeSessions(
  deps: Pick<Platform, 'blocklist'>,
  ended: readonly Pick<Session, 'id'>[],
): Promise<void> {
  await deps.blocklist.revoke(ended.map(({ id }) => placeOf(id)))
}

/**
 * Ends the sessions that these names stand for. It answers false, and does nothing, when there are none. The blocklist
 * is told first, because a session that is gone from the database cannot be found again: so the blocklist or its queue
 * knows of every session that has ended. A second request after a failure completes the end; one after a success costs
 * one read and writes nothing.
 * `clientId` is the service that asked for it, which the audit trail names; it is null where the user asked.
 * `forgetsDevice` also ends the trust in the device of each session.
 */
export async function endNamedSessions(
  deps: EndingSessions,
  named: NamedSessions,
  { clientId = null, forgetsDevice = false }: { clientId?: string | null; forgetsDevice?: boolean } = {},
): Promise<boolean> {
  const { db } = deps
  const found = await findNamedSessions(db, named)
  await revokeSessions(deps, found)
  for (const session of found)
    await inOneBatch(db, {
      audit: auditStatement(
        db,
        {
          type: 'session.ended',
          at: deps.now(),
          ...(clientId === null ? bySelf({ id: session.userId }) : byService(clientId, { id: session.userId })),
          details: { sessionId: session.id, ...(clientId === null ? {} : { client: clientId }) },
        },
        deps.requester,
        whenSessionIsOf(session),
      ),
      device: forgetsDevice ? forgetSessionDeviceStatement(db, session) : null,
      ended: endSessionStatement(db, session),
    })
  return found.length > 0
}

/**
 * Ends the session that the tokens belong to. An access token whose only fault is that it has expired still ends its
 * session, because somebody who comes back after an hour to log out means it. Worthless tokens end nothing, and get the
 * same answer.
 */
export async function logOut(
  deps: Signing & EndingSessions,
  tokens: { accessToken: string | null; refreshToken: string | null },
): Promise<void> {
  const named = await nameSessions(deps, tokens)
  if (named) await endNamedSessions(deps, named)
}

/**
 * Ends one session of a user, and the trust in its device. It answers false, and does nothing, when there is no such
 * session or it belongs to another user.
 */
export async function endSession(
  deps: EndingSessions,
  { id, userId }: { id: string; userId: string },
): Promise<boolean> {
  return await endNamedSessions(deps, { access: { sid: id, sub: userId }, refresh: null }, { forgetsDevice: true })
}

/** Ends every session of a user but one, and the trust in every device. */
export async function endOtherSessions(deps: EndingSessions, current: { id: string; userId: string }): Promise<void> {
  const { db } = deps
  const { id, userId } = current
  const { ended } = await inOneBatch(db, {
    audit: auditStatement(
      db,
      { type: 'session.ended', at: deps.now(), ...bySelf({ id: userId }), details: { allBut: id } },
      deps.requester,
    ),
    devices: forgetDevicesStatement(db, userId),
    ended: endSessionsStatement(db, userId, { except: id }),
  })
  await revokeSessions(deps, ended)
}
