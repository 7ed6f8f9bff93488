import type { DrizzleD1Database } from 'drizzle-orm/d1'

export type Database = DrizzleD1Database<Record<string, never>>

/** D1's words for a violated unique index, e.g. `users.email`. */
export function isUniqueViolation(error: unknown, column: string): boolean {
  for (let current = error; current instanceof Error; current = current.cause)
    if (current.message.includes('UNIQUE constraint failed') && current.message.includes(column)) return true
  return false
}
