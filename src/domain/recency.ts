/**
 * Tells whether something happened less than so many milliseconds ago. A time that is still to come is not recent: it
 * was taken before the clock was set back, and what was learned then must not count as fresh until the clock is there
 * again.
 */
export const isRecent = ({ at, now }: { at: number; now: number }, milliseconds: number): boolean =>
  at <= now && now - at < milliseconds
