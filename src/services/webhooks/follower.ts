import { WEBHOOK_DETAILS_MAX_LENGTH } from '../../config.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import { announceStatement } from '../../storage/webhooks/deliveries.ts'
import type { AuditFollower, AuditRow } from '../audit/follower.ts'

/**
 * Puts the events of the audit trail into the lists of the endpoints that want them. Where an event came from stays
 * here: a receiver that may know it reads it with `audit:read`.
 */
export const webhookFollower: AuditFollower = {
  name: 'webhooks',
  statements: ({ db, now }, events) => ({
    deliveries: announceStatement(
      db,
      events.map((event) => ({ type: event.type, payload: toPayload(event) })),
      now(),
    ),
  }),
}

/** Makes the body of a message in the form that Standard Webhooks recommends ("Payload structure"). */
function toPayload({ id, type, at, actorId, userId, details }: AuditRow): string {
  const isShort = JSON.stringify(details).length <= WEBHOOK_DETAILS_MAX_LENGTH
  const data = { id, actorId, userId, details: isShort ? details : null }
  return JSON.stringify({ type, timestamp: toTimestamp(at), data })
}
