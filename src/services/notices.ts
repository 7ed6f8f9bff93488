import type { MailKind } from '../mail/message.ts'
import type { Platform } from '../platform/platform.ts'
import { factsWith } from '../storage/accounts/access-proof.ts'
import type { Account } from '../storage/accounts/accounts.ts'
import type { Condition } from '../storage/conditions.ts'
import { enqueueNoticeStatement } from '../storage/mail.ts'
import { newId } from './identifiers.ts'
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
}

/**
 * Tells the owner of an account by mail, in the account's language, that something happened to it. The statement joins
 * the batch that records what happened; the mail's id is announced once that batch is done.
 */
export function noticeTo(
  { db, requester }: Pick<Platform, 'db' | 'requester'>,
  { id: userId, email: recipient, locale }: Pick<Account, 'id' | 'email' | 'locale'>,
  { kind, at, when, facts, found, hasRequestFacts = true }: News,
) {
  const id = newId()
  const known = { ...(hasRequestFacts ? loginFacts(requester, at) : {}), ...facts }
  const details = found ? factsWith(known, found) : known
  return {
    id,
    statement: enqueueNoticeStatement(db, { id, kind, recipient, userId, locale, createdAt: at, details }, when),
  }
}
