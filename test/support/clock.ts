const DAY_MS = 86_400_000

/**
 * The moment at which every test begins that sets its clock: the next noon, UTC. A fixed date would one day be past,
 * and what waits for it would then come at once. Noon is never past, at most a day ahead, the first moment of a minute
 * and of an hour, and as far as can be from midnight UTC, at which days and the periods of signing keys end. A test may
 * move half a day either way before it meets one of those edges, and a whole minute before it meets the end of a window
 * of rate limits.
 */
export const NOON_MS = Math.ceil((Date.now() - DAY_MS / 2) / DAY_MS) * DAY_MS + DAY_MS / 2
