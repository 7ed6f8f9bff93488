import { missingFrom } from '../../domain/permissions.ts'
import { Refusal } from '../../errors.ts'
import type { Mailing } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { findUserStatement } from '../../storage/accounts/users.ts'
import { byAdmin } from '../../storage/actors.ts'
import { auditStatement, whenRecorded } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { findMailStatement, retryMailStatements, userIdByMail, whenMayRetry } from '../../storage/mail-retry.ts'
import { newId } from '../identifiers.ts'

/**
 * Sends a mail again that was given up, once its cause is mended. Of two who ask at once, one is refused, so that
 * nothing leaves twice.
 * @throws {Refusal} `not_found`, `permission_not_held`, `mail_not_failed`, `mail_link_expired`.
 */
export async function retryMail(deps: Mailing, admin: Account, id: string): Promise<void> {
  const { db, requester } = deps
  const at = deps.now()
  const [eventId, newMailId] = [newId(), newId()]
  const details = { outboxId: id, newOutboxId: newMailId }
  const event = { id: eventId, type: 'mail.retried', at, ...byAdmin(admin, { id: userIdByMail(id) }), details } as const
  const whenMay = whenMayRetry({ id: admin.id, permission: 'users:write' }, id, at)
  const { mails, users, audit } = await inOneBatch(db, {
    mails: findMailStatement(db, id, at),
    users: findUserStatement(db, userIdByMail(id)),
    audit: auditStatement(db, event, requester, whenMay),
    retried: retryMailStatements(db, { id, newId: newMailId, at }, whenRecorded(eventId)),
  })
  if (audit.meta.changes === 0) throw explainRefusal(admin, mails[0], users[0])
  await deps.announceMails([newMailId])
}

type Mail = Awaited<ReturnType<typeof findMailStatement>>[number]

/** Says why a mail could not be sent again. The order is such that nobody learns more than they may act upon. */
function explainRefusal(admin: Account, mail: Mail | undefined, user: Account | undefined): Refusal {
  if (!mail) return new Refusal('not_found')
  if (missingFrom(admin.permissions, user?.permissions ?? []).length > 0) return new Refusal('permission_not_held')
  if (mail.state !== 'failed') return new Refusal('mail_not_failed')
  return new Refusal(mail.isLinkAlive ? 'permission_not_held' : 'mail_link_expired')
}
