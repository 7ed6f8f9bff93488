import type { SQL } from 'drizzle-orm'

/**
 * Who did what the audit trail records, and whom it concerns: each event names both, because often they are not the
 * same. An id may be an expression, where it is only known within the batch.
 */
export interface Actors {
  /** It is null for somebody who is not signed in, and for the service itself. */
  actorId: string | SQL | null
  /** It is null where the event concerns no account. */
  userId: string | SQL | null
}

type Identified = Readonly<{ id: string | SQL }>
type MaybeIdentified = Readonly<{ id: string | SQL | null }> | null

/** A user acted upon their own account. */
export const bySelf = ({ id }: Identified): Actors => ({ actorId: id, userId: id })

/** An admin acted upon the account of another user. */
export const byAdmin = (admin: Identified, user: Identified): Actors => ({ actorId: admin.id, userId: user.id })

/** Another service, by its client id, acted for a user. */
export const byService = (clientId: string, user: Identified): Actors => ({ actorId: clientId, userId: user.id })

/** The service acted by itself, in a scheduled job for instance. */
export const bySystem = (user: MaybeIdentified): Actors => ({ actorId: null, userId: user?.id ?? null })

/** Somebody who has not proven who they are tried something. The user is null where it concerns no account. */
export const byStranger = (user: MaybeIdentified): Actors => ({ actorId: null, userId: user?.id ?? null })
