import { rows } from './database.ts'
import { queryOne } from './stored-state.ts'

/** Answers how often the refresh token of a session was rotated. */
export async function generationOf(sessionId: string): Promise<number> {
  return Number((await queryOne('select generation from grants where session_id = ?', sessionId)).generation)
}

/** Lets time pass on the clock of the database for a session whose refresh token was rotated. */
export async function ageRotation(sessionId: string, milliseconds: number): Promise<void> {
  await rows('update grants set rotated_at = rotated_at - ? where session_id = ?', milliseconds, sessionId)
}
