import { NOT_ME_TOKEN_TTL_SECONDS } from '../config.ts'
import type { MailKind } from '../mail/message.ts'
import type { Platform } from '../platform/platform.ts'
import { factsWith } from '../storage/accounts/access-proof.ts'
import type { Account } from '../storage/accounts/accounts.ts'
import { undoableNoticeStatements } from '../storage/accounts/undo.ts'
import type { Statement } from '../storage/batch.ts'
import { addressOf, type Condition } from '../storage/conditions.ts'
import { enqueueNoticeStatement } from '../storage/mail.ts'
import { newId, newOneTimeToken } from './identifiers.ts'
import { loginFacts } from './login/facts.ts'

/** The content of a notice, and the condition under which it is sent. */
interface News {
  kind: MailKind
  /** When it happened, in milliseconds since the epoch. */
  at: number
  /** The notice is sent only if this holds at its place in the batch. */
  when: Condition
  /** What its text quotes besides the time, and the device and the location of the request. */
  facts?: Readonly<Record<string, string>>
  /** Facts that are only known within the batch. A fact that is null is left out. */
  found?: Parameters<typeof factsWith>[1]
  /** It is false for a notice that does not say when and from where the request came. */
  hasRequestFacts?: boolean
  /** Where the notice goes instead of the address that the account has at its place in the batch. */
  recipient?: string
  /** A notice that could be undone carries no link for that where this holds. */
  whenFinal?: Condition
}

/** These notices carry a link by which the owner of the account undoes what they tell of. */
export const UNDOABLE: readonly MailKind[] = [
  'password_changed',
  'email_changed',
  'factor_added',
  'factor_removed',
  'factors_removed',
  'account_claimed',
]

/**
 * Tells the owner of an account by mail, in the account's language, that something happened to it. The statements join
 * the batch that records what happened; the mail's id is announced once that batch is done. The address is read within
 * the batch, so that of two changes at once none is told to an address that the other has changed. Statements that
 * remove something come after these, because the link "This was not me" puts back what is there at this place.
 */
export function noticeTo(
  { db, requester }: Pick<Platform, 'db' | 'requester'>,
  { id: userId, locale }: Pick<Account, 'id' | 'locale'>,
  { kind, at, when, facts, found, hasRequestFacts = true, recipient, whenFinal }: News,
) {
  const id = newId()
  const known = { ...(hasRequestFacts ? loginFacts(requester, at) : {}), ...facts }
  const notice = {
    id,
    kind,
    userId,
    locale,
    createdAt: at,
    recipient: recipient ?? addressOf(userId),
    details: found ? factsWith(known, found) : known,
  }
  const statements: readonly Statement[] = UNDOABLE.includes(kind)
    ? undoableNoticeStatements(db, notice, {
        token: newOneTimeToken(at, NOT_ME_TOKEN_TTL_SECONDS),
        when,
        whenFinal,
      })
    : [enqueueNoticeStatement(db, notice, when)]
  return { id, statements }
}
