/**
 * Reads `Retry-After`, seconds or an HTTP date (RFC 9110 §10.2.3), as milliseconds from now. Null where it is missing
 * or neither.
 */
export function readRetryAfterMs(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? ''
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // Only a date in words: `Date.parse` takes `-1` and `1.5` for dates as well.
  const date = /^[A-Z][a-z]+,? /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs)
}
