import {
  LOCALES,
  MAIL_LEASE_SECONDS,
  MAIL_RECORD_PAUSES_MS,
  MAIL_RETRY_DELAYS_SECONDS,
  MAIL_SWEEP_BATCH,
  MAIL_SWEEP_BATCHES,
} from '../config.ts'
import { makeCode, makeToken } from '../crypto/derived-token.ts'
import { toTimestamp } from '../domain/timestamp.ts'
import { MAIL_KINDS, type MailContent, MailError, type MailKind, MailThrottledError } from '../mail/message.ts'
import { renderMail } from '../mail/render.ts'
import { logError, logInfo } from '../platform/log.ts'
import { withJitter } from '../platform/mail-pause.ts'
import type { Platform } from '../platform/platform.ts'
import {
  claimNextMail,
  dropMailStatement,
  failMailStatements,
  findFirstTryAfter,
  listOverdueMails,
  markDeliveredStatement,
  type OutboxRow,
  type OverdueMail,
  postponeMailStatement,
} from '../storage/mail.ts'
import type { OneTimeToken, OneTimeTokenPurpose } from '../storage/one-time-tokens.ts'

type Needs = Pick<
  Platform,
  'db' | 'now' | 'random' | 'settings' | 'requester' | 'sendMail' | 'announceMails' | 'reportDeadMail'
>

/**
/**
 * The page that each token opens. That of a second factor has none, because its code is typed where the login or the
 * step-up waits.
 */
const TOKEN_PAGES = {
  verify_email: '/verify-email',
  reset_password: '/reset-password',
  change_email: '/confirm-email-change',
  mfa_ticket: null,
  step_up: null,
  not_me: '/not-me',
  keep_factors: '/keep-factors',
} as const

/** Links that protect an account have no code beside them, because nobody has to type one on another device. */
const WITHOUT_CODE: readonly OneTimeTokenPurpose[] = ['not_me', 'keep_factors']

/**
 * These notices link to the account they tell of, where they carry no link to undo it, because whoever reads them can
 * still sign in to it.
 */
const ACCOUNT_NOTICES: readonly MailKind[] = [
  'account_created',
  'account_claimed',
  'password_changed',
  'new_device',
  'factor_added',
  'factor_removed',
  'factors_removed',
  'new_email_in_use',
  'passkey_copied',
  'recovery_code_used',
  'role_granted',
  'roles_changed',
  'profile_changed',
  'account_reactivated',
  'deletion_scheduled',
  'deletion_stopped',
  'signed_out',
]

/**
 * Delivers one mail for a message of the queue. It takes the most urgent mail that is due, whichever mail the message
 * was sent for, so that a password reset leaves before a hundred sign-ups that were announced earlier. Where the mail
 * of the message is not due yet, it is announced again for the time at which it is: either the mail is a notice beyond
 * the hour's limit, or the clock of the Worker that wrote it is ahead of this one. Otherwise some later mail would have
 * no message of the queue left.
 */
export async function takeMailTurn(deps: Needs, outboxId: string): Promise<void> {
  const now = deps.now()
  const triedId = await deliverNextMail(deps)
  if (triedId === outboxId) return
  const dueAt = await findFirstTryAfter(deps.db, outboxId, now)
  if (dueAt !== null) await deps.announceMails([outboxId], Math.ceil((dueAt - now) / 1000))
}

/**
 * Delivers the most urgent mail that is due, or leaves it for a later try. It answers the id of that mail, or null
 * where none is due. It may run twice at once, because each run claims a mail first. Links and codes are derived here,
 * so that neither a queue nor a row ever holds one.
 */
export async function deliverNextMail(deps: Needs): Promise<string | null> {
  const { db, settings } = deps
  const now = deps.now()
  const claimed = await claimNextMail(db, { now, leaseUntil: now + MAIL_LEASE_SECONDS * 1000 })
  if (!claimed) return null
  const { mail, token } = claimed
  const about = { outboxId: mail.id, kind: mail.kind, attempts: mail.attempts }
  if (mail.tokenId !== null && token === null) {
    await dropMailStatement(db, mail, 'token used')
    logInfo(settings, 'mail dropped', about)
    return mail.id
  }
  try {
    if (token !== null && token.expiresAt <= now) throw new MailError('link expired before delivery', true)
    const rendered = renderMail(describeMail(deps, mail, token), settings.brand)
    await deps.sendMail({ id: mail.id, from: settings.mail.from, to: mail.recipient, ...rendered })
  } catch (error) {
    await recordFailure(deps, mail, error)
    return mail.id
  }
  await recordDelivery(deps, mail)
  logInfo(settings, 'mail delivered', about)
  return mail.id
}

/**
 * Records that a mail has left. Without that record the mail would be sent again, so a database that fails for a moment
 * is asked again.
 */
async function recordDelivery({ db, random }: Pick<Needs, 'db' | 'random'>, mail: OutboxRow): Promise<void> {
  for (const pauseMs of MAIL_RECORD_PAUSES_MS) {
    try {
      await markDeliveredStatement(db, mail.id)
      return
    } catch (error) {
      logError('mail delivery not recorded', error, { outboxId: mail.id })
      await new Promise((resolve) => setTimeout(resolve, withJitter(pauseMs, random)))
    }
  }
  await markDeliveredStatement(db, mail.id)
}

/** Announces the mails that the queue lost, the most urgent first. A mail that is announced twice is delivered once. */
export async function sweepOutbox(
  deps: Pick<Platform, 'db' | 'now' | 'announceMails'>,
  dueBefore: number,
): Promise<void> {
  let after: OverdueMail | null = null
  for (let batch = 0; batch < MAIL_SWEEP_BATCHES; batch += 1) {
    const overdue: OverdueMail[] = await listOverdueMails(deps.db, { dueBefore, after, limit: MAIL_SWEEP_BATCH })
    await deps.announceMails(overdue.map(({ id }) => id))
    after = overdue.at(-1) ?? null
    if (overdue.length < MAIL_SWEEP_BATCH) return
  }
}

function describeMail(deps: Needs, mail: OutboxRow, token: OneTimeToken | null): MailContent {
  const kind = MAIL_KINDS.find((known) => known === mail.kind)
  // A newer version wrote the row, for instance before a roll-back: the mail can still leave later.
  if (!kind) throw new MailError('unknown kind', false)
  const locale = LOCALES.find((known) => known === mail.locale) ?? 'en'
  const { secrets, appUrl } = deps.settings
  if (!token) {
    const link = ACCOUNT_NOTICES.includes(kind) ? `${appUrl}/account` : null
    return { kind, locale, link, code: null, details: mail.details }
  }
  const page = TOKEN_PAGES[token.purpose]
  const subject = { purpose: token.purpose, id: token.id, generation: 0, salt: token.salt }
  // A browser sends the fragment to nobody, so no server, log, proxy or referrer ever holds the token.
  const link = page === null ? null : `${appUrl}${page}#token=${makeToken(secrets, subject)}`
  const minutes = String(Math.round((token.expiresAt - mail.createdAt) / 60_000))
  return {
    kind,
    locale,
    link,
    code: WITHOUT_CODE.includes(token.purpose) ? null : makeCode(secrets, subject),
    details: { ...mail.details, minutes },
  }
}

async function recordFailure(deps: Needs, mail: OutboxRow, error: unknown): Promise<void> {
  const { db } = deps
  const now = deps.now()
  const { id, kind, attempts } = mail
  const reason = error instanceof MailError ? error.reason : 'internal error'
  const delaySeconds = secondsUntilNextTry(error, attempts)
  if (delaySeconds !== null) {
    const retryInSeconds = Math.ceil(withJitter(delaySeconds, deps.random))
    logError('mail delayed', error, { outboxId: id, kind, attempts, retryInSeconds })
    const wasTried = !(error instanceof MailThrottledError)
    await postponeMailStatement(db, mail, { nextAttemptAt: now + retryInSeconds * 1000, reason, wasTried })
    await deps.announceMails([id], retryInSeconds)
    return
  }
  logError('mail failed', error, { outboxId: id, kind, attempts })
  // The report comes before the row is changed, so that a Worker which stops in between reports the mail twice rather
  // than never.
  await deps.reportDeadMail({ outboxId: id, kind, reason, attempts, failedAt: toTimestamp(now) })
  await db.batch(failMailStatements(db, mail, { at: now, reason }, deps.requester))
}

/**
 * Says how long a mail waits for its next try, before jitter; null means that there is no next try. After a server has
 * asked for a pause there is always a next try, however often it asks.
 */
function secondsUntilNextTry(error: unknown, attempts: number): number | null {
  if (error instanceof MailThrottledError) return error.waitMs / 1000
  if (error instanceof MailError && error.permanent) return null
  return MAIL_RETRY_DELAYS_SECONDS[attempts - 1] ?? null
}
