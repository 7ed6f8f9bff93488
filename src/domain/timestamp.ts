/** Reads a time that a request may name (ISO 8601 in UTC) as milliseconds since the epoch. */
export const readTimestamp = (timestamp: string | undefined): number | undefined =>
  timestamp === undefined ? undefined : Date.parse(timestamp)
