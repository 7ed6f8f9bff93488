import type { Activity } from '../../contracts/account-activity.ts'
import type { PageQuery } from '../../contracts/lists.ts'
import type { AccessTokenClaims } from '../../crypto/access-token.ts'
import { ACTIVITY_TYPES, type ActivityType, activityDetailsOf } from '../../domain/account-activity.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import type { Platform } from '../../platform/platform.ts'
import { type ActivityRow, listActivityStatement } from '../../storage/audit.ts'
import { describeDevice } from '../login/facts.ts'
import { type Page, readPage } from '../paging.ts'
import type { ReadAsCaller } from '../sessions/reading.ts'

/** The owner of an account, and the session in which they look at it. */
type Owner = Pick<AccessTokenClaims, 'sub' | 'sid'>

/**
 * Reads a page of what happened to an account, newest first, for its owner. It reads the trail itself, so what has just
 * happened is there at once, whatever follows the trail.
 * @throws {Refusal} `invalid_request` for a cursor that did not come from a page.
 */
export async function readActivity(
  { db }: Pick<Platform, 'db'>,
  readAsCaller: ReadAsCaller,
  owner: Owner,
  query: PageQuery,
): Promise<Page<Activity>> {
  return await readPage(query, {
    listRows: (before, atMost) =>
      readAsCaller(listActivityStatement(db, { userId: owner.sub, types: ACTIVITY_TYPES, before }, atMost)),
    positionOf: (event) => event,
    toItem: (event) => toActivity(event, owner),
  })
}

function toActivity(event: ActivityRow, { sub, sid }: Owner): Activity {
  const type = event.type as ActivityType
  const { actorId, userAgent, details } = event
  const shown = activityDetailsOf(type) ?? []
  return {
    id: event.id,
    type,
    at: toTimestamp(event.at),
    by: whoDid({ actorId, sub, client: details.client }),
    current: details.sessionId === sid,
    device: userAgent === null ? null : { name: describeDevice(userAgent), userAgent },
    country: event.country,
    details: Object.fromEntries(Object.entries(details).filter(([name]) => shown.includes(name))),
  }
}

/** Says who an actor is to the owner. `client` is the service that acted, where one did. */
function whoDid({ actorId, sub, client }: { actorId: string | null; sub: string; client: unknown }): Activity['by'] {
  if (actorId === null) return null
  if (actorId === sub) return 'owner'
  return actorId === client ? 'service' : 'administrator'
}
