import {
  EMAIL_CHANGE_TOKEN_TTL_SECONDS,
  LOCALES,
  MAIL_LEASE_SECONDS,
  MAIL_RETRY_DELAYS_SECONDS,
  MAIL_SWEEP_BATCH,
  MFA_TICKET_TTL_SECONDS,
  RESET_TOKEN_TTL_SECONDS,
  VERIFICATION_TOKEN_TTL_SECONDS,
} from '../config.ts'
import { makeCode, makeToken } from '../crypto/derived-token.ts'
import { MAIL_KINDS, type MailContent, MailError } from '../mail/message.ts'
import { renderMail } from '../mail/render.ts'
import type { Platform } from '../platform/compose.ts'
import { logError, logInfo } from '../platform/log.ts'
import { auditStatement } from '../storage/audit-events.ts'
import type { OneTimeToken } from '../storage/one-time-tokens.ts'
import { claimMail, listOverdueMails, type OutboxRow, settleMailStatement } from '../storage/outbox.ts'

type Needs = Pick<Platform, 'db' | 'now' | 'settings' | 'client' | 'sendMail'>

/** The page each token opens, and how long it lives. A ticket has no page: its code is typed where the login waits. */
const TOKEN_PAGES = {
  verify_email: { page: '/verify-email', ttlSeconds: VERIFICATION_TOKEN_TTL_SECONDS },
  reset_password: { page: '/reset-password', ttlSeconds: RESET_TOKEN_TTL_SECONDS },
  change_email: { page: '/confirm-email-change', ttlSeconds: EMAIL_CHANGE_TOKEN_TTL_SECONDS },
  mfa_ticket: { page: null, ttlSeconds: MFA_TICKET_TTL_SECONDS },
} as const

/**
 * Delivers one mail of the outbox, or leaves it for a later try. Safe to call twice and at once: a mail is claimed first, and one
 * that is delivered, claimed or gone is left alone. Links and codes are derived here, so no queue and no row ever holds one.
 */
export async function deliverMail(deps: Needs, outboxId: string): Promise<void> {
  const { db, settings } = deps
  const now = deps.now()
  const claimed = await claimMail(db, outboxId, now, now + MAIL_LEASE_SECONDS * 1000)
  if (!claimed) return
  const { mail, token } = claimed
  if (mail.tokenId !== null && (token === null || token.expiresAt <= now)) {
    await settleMailStatement(db, mail.id, { state: 'dropped', lastError: 'token used or expired' })
    return
  }
  try {
    const rendered = renderMail(describeMail(deps, mail, token), settings.brand)
    await deps.sendMail({ id: mail.id, from: settings.mail.from, to: mail.recipient, ...rendered })
  } catch (error) {
    await recordFailure(deps, mail, error)
    return
  }
  await settleMailStatement(db, mail.id, { state: 'delivered', lastError: null })
  logInfo('mail delivered', { outboxId: mail.id, kind: mail.kind, attempts: mail.attempts })
}

/** Announces again what the queue lost or what is due for another try. */
export async function sweepOutbox(
  deps: Pick<Platform, 'db' | 'now' | 'announceMails'>,
  dueBefore: number,
): Promise<void> {
  const overdue = await listOverdueMails(deps.db, dueBefore, MAIL_SWEEP_BATCH)
  if (overdue.length > 0) await deps.announceMails(overdue)
}

function describeMail(deps: Needs, mail: OutboxRow, token: OneTimeToken | null): MailContent {
  const kind = MAIL_KINDS.find((known) => known === mail.kind)
  if (!kind) throw new MailError('unknown kind', true)
  const locale = LOCALES.find((known) => known === mail.locale) ?? 'en'
  if (!token) return { kind, locale, link: null, code: null, details: mail.details }
  const { secrets, appUrl } = deps.settings
  const { page, ttlSeconds } = TOKEN_PAGES[token.purpose]
  const subject = { purpose: token.purpose, id: token.id, generation: 0, salt: token.salt }
  const link = page === null ? null : `${appUrl}${page}?token=${makeToken(secrets, subject)}`
  const hasCode = token.purpose !== 'change_email'
  const minutes = String(Math.round(ttlSeconds / 60))
  return {
    kind,
    locale,
    link,
    code: hasCode ? makeCode(secrets, subject) : null,
    details: { ...mail.details, minutes },
  }
}

async function recordFailure(deps: Needs, mail: OutboxRow, error: unknown): Promise<void> {
  const { db } = deps
  const now = deps.now()
  const reason = error instanceof MailError ? error.reason : 'internal error'
  const delay = MAIL_RETRY_DELAYS_SECONDS[mail.attempts - 1]
  const isFinal = delay === undefined || (error instanceof MailError && error.permanent)
  logError(isFinal ? 'mail failed' : 'mail delayed', error, {
    outboxId: mail.id,
    kind: mail.kind,
    attempts: mail.attempts,
  })
  if (!isFinal) {
    await settleMailStatement(db, mail.id, { nextAttemptAt: now + delay * 1000, lastError: reason })
    return
  }
  const details = { outboxId: mail.id, kind: mail.kind, attempts: mail.attempts, reason }
  await db.batch([
    settleMailStatement(db, mail.id, { state: 'failed', lastError: reason }),
    auditStatement(db, { type: 'mail.failed', at: now, details }, deps.client),
  ])
}
