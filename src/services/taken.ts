import { Refusal, type RefusalCode } from '../errors.ts'
import { isUniqueViolation } from '../storage/database.ts'

/** A value that only one row may have, and the refusal where another row has it. */
interface Taken {
  /** The column or the index, as D1 names it in its error. */
  column: string
  code: RefusalCode
  reason?: string
}

/** Waits for a batch. Where it failed because somebody else has a value already, it is refused. @throws {Refusal} */
export async function refuseTaken<Value>(batch: Promise<Value>, ...taken: readonly Taken[]): Promise<Value> {
  try {
    return await batch
  } catch (error) {
    const found = taken.find(({ column }) => isUniqueViolation(error, column))
    if (!found) throw error
    throw new Refusal(found.code, found.reason === undefined ? {} : { reason: found.reason })
  }
}

export const USERNAME_TAKEN: Taken = { column: 'users_username_unique', code: 'username_taken' }
export const ADDRESS_TAKEN: Taken = { column: 'users.email', code: 'invalid_token', reason: 'address taken' }
