import { MAIL_NOTICE_MAX_DELAY_MS, RESET_TOKEN_TTL_SECONDS, VERIFICATION_TOKEN_TTL_SECONDS } from '../../config.ts'
import type { UserMailKind } from '../../contracts/user-administration.ts'
import { Refusal } from '../../errors.ts'
import type { Mailing, Platform } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { requireResetStatement } from '../../storage/accounts/credentials.ts'
import { findUserStatement } from '../../storage/accounts/users.ts'
import { byAdmin } from '../../storage/actors.ts'
import { auditStatement, whenRecorded } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenAll, whenMailed, whenPasswordIsSet } from '../../storage/conditions.ts'
import { deleteExchangesStatement } from '../../storage/federation/login-exchanges.ts'
import { mailTokenStatements } from '../../storage/mail.ts'
import { deleteTokensStatement, issueTokenStatement } from '../../storage/one-time-tokens.ts'
import { whenMayActUpon } from '../../storage/roles.ts'
import { endSessionsStatement } from '../../storage/sessions/sessions.ts'
import { describeSignUp } from '../accounts/email-verification.ts'
import { newId, newOneTimeToken } from '../identifiers.ts'
import { revokeSessions } from '../sessions/ending.ts'
import { type Administering, explainRefusal, findUser } from './acting.ts'

const MAILS = {
  verification: {
    kind: 'verify_email',
    type: 'email.verification_requested',
    ttlSeconds: VERIFICATION_TOKEN_TTL_SECONDS,
  },
  password_reset: {
    kind: 'reset_password',
    type: 'password.reset_requested',
    ttlSeconds: RESET_TOKEN_TTL_SECONDS,
  },
} as const

/**
 * Mails somebody the link that confirms their address, or the one that sets a new password, as they could ask for it
 * themselves.
 * @throws {Refusal} `not_found`, also for an account that is not active; `permission_not_held`; `already_verified`;
 * `rate_limited` where the mailbox has had as many mails of the kind within the hour as it may get.
 */
export async function mailUser(
  deps: Mailing & Pick<Platform, 'providers'>,
  admin: Account,
  id: string,
  wanted: UserMailKind,
): Promise<void> {
  const { db, requester } = deps
  const user = await findUser(deps, id)
  if (user.status !== 'active') throw new Refusal('not_found', { reason: 'no such active user' })
  const isVerification = wanted === 'verification'
  if (isVerification && user.emailVerifiedAt !== null) throw new Refusal('already_verified')
  const { kind, type, ttlSeconds } = MAILS[wanted]
  const at = deps.now()
  const token = newOneTimeToken(at, ttlSeconds)
  const mailId = newId()
  const when = whenMayActUpon({ id: admin.id, permission: 'users:write' }, id)
  const { audit, found } = await inOneBatch(db, {
    token: issueTokenStatement(db, { ...token, purpose: kind }, { id, when }),
    mail: mailTokenStatements(db, {
      id: mailId,
      kind,
      locale: user.locale,
      tokenId: token.id,
      createdAt: at,
      ...(isVerification ? { details: describeSignUp(deps, id) } : {}),
    }),
    audit: auditStatement(db, { type, at, ...byAdmin(admin, user) }, requester, whenMailed(mailId)),
    found: findUserStatement(db, id),
  })
  if (audit.meta.changes === 0) {
    const refusal = explainRefusal(admin, found[0], 'rate_limited')
    throw refusal.code === 'rate_limited'
      ? new Refusal('rate_limited', { retryAfterSeconds: MAIL_NOTICE_MAX_DELAY_MS / 1000 })
      : refusal
  }
  await deps.announceMails([mailId])
}

/**
 * Makes somebody's password good for nothing until they set a new one by mail, for which they get a link. Every session
 * ends, and so does every login that is under way.
 * @throws {Refusal} `not_found`, `permission_not_held`, `password_not_set`.
 */
export async function requirePasswordReset(deps: Administering, admin: Account, id: string): Promise<void> {
  const { db, requester } = deps
  const user = await findUser(deps, id)
  const at = deps.now()
  const token = newOneTimeToken(at, RESET_TOKEN_TTL_SECONDS)
  const [eventId, mailId] = [newId(), newId()]
  const when = whenRecorded(eventId)
  const whenMay = whenAll([whenMayActUpon({ id: admin.id, permission: 'users:write' }, id), whenPasswordIsSet(id)])
  const details = { reason: 'an administrator asked for it' }
  const event = { id: eventId, type: 'password.reset_required', at, ...byAdmin(admin, user), details } as const
  const { audit, ended, found } = await inOneBatch(db, {
    audit: auditStatement(db, event, requester, whenMay),
    password: requireResetStatement(db, id, { at, when }),
    ended: endSessionsStatement(db, id, { when }),
    exchanges: deleteExchangesStatement(db, id, when),
    tokens: deleteTokensStatement(db, id, when),
    token: issueTokenStatement(db, { ...token, purpose: 'reset_password' }, { id, when }),
    mail: mailTokenStatements(db, {
      id: mailId,
      kind: 'password_reset_required',
      locale: user.locale,
      tokenId: token.id,
      createdAt: at,
    }),
    found: findUserStatement(db, id),
  })
  if (audit.meta.changes === 0) throw explainRefusal(admin, found[0], 'password_not_set')
  await revokeSessions(deps, ended)
  await deps.announceMails([mailId])
}
