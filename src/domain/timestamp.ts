/** Reads a time that a request may name (ISO 8601 in UTC) as milliseconds since the epoch. */
export const readTimestamp = (timestamp: string | undefined): number | undefined =>
  timestamp === undefined ? undefined : Date.parse(timestamp)

/** Writes milliseconds since the epoch as ISO 8601 in UTC. */
export function toTimestamp(at: number): string
export function toTimestamp(at: number | null): string | null
export function toTimestamp(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
