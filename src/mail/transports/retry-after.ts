/**
 * Reads `Retry-After`, seconds or an HTTP date (RFC 9110 §10.2.3), as milliseconds from now. The answer is null where
 * the header is missing or is neither.
 */
export function readRetryAfterMs(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? ''
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // Only a date in words is accepted, because `Date.parse` also takes `-1` and `1.5` for dates.
  const date = /^[A-Z][a-z]+,? /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs)
}
