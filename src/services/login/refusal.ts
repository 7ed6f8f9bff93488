import { RESET_TOKEN_TTL_SECONDS, VERIFICATION_TOKEN_TTL_SECONDS } from '../../config.ts'
import type { AuditFact } from '../../domain/audit-events.ts'
import { Refusal } from '../../errors.ts'
import type { Mailing, Platform, Recording } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import type { Credentials } from '../../storage/accounts/credentials.ts'
import { byStranger } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { mailTokenStatements } from '../../storage/mail.ts'
import { issueTokenStatement } from '../../storage/one-time-tokens.ts'
import { newId, newOneTimeToken } from '../identifiers.ts'

/**
 * What keeps the right password of an account from signing in, until somebody uses a link that is mailed to its
 * address.
 */
export type LoginBar = 'email_not_verified' | 'password_reset_required'

const BAR_MAILS = {
  email_not_verified: { kind: 'verify_email', ttlSeconds: VERIFICATION_TOKEN_TTL_SECONDS },
  password_reset_required: { kind: 'reset_password', ttlSeconds: RESET_TOKEN_TTL_SECONDS },
} as const

const DETAIL =
  'The name or the password is wrong, or the address is not confirmed yet. Log in with the address: where only its confirmation is missing, or the password has to be set anew, the link is mailed again.'

/**
 * Finds what bars an account from logging in, or null. A password that has to be set anew comes first, because the link
 * for it also confirms the address.
 */
export function findLoginBar(
  { settings }: Pick<Platform, 'settings'>,
  { account, credentials }: { account: Account; credentials: Credentials },
): LoginBar | null {
  if (credentials.passwordResetRequiredAt !== null) return 'password_reset_required'
  return account.emailVerifiedAt === null && settings.requireEmailVerification ? 'email_not_verified' : null
}

/** Makes the refusal of a password login, which reads the same whatever the reason is (ASVS 6.3.8). */
export const toCredentialsRefusal = (reason: string): Refusal =>
  new Refusal('invalid_credentials', { reason, members: { detail: DETAIL } })

/**
 * Refuses a password login. If the password was right and only a bar kept it from signing in, the link that lifts the
 * bar is mailed again. For a wrong password and for a name that nobody has, the same statements run but mail nothing.
 * So somebody who registers an address and logs in with the password they chose cannot tell whether the address had an
 * account already (ASVS 6.3.8).
 * @throws {Refusal} `invalid_credentials`, always.
 */
export async function refuseLogin(deps: Mailing, account: Account | null, bar: LoginBar | null): Promise<never> {
  const { db, requester } = deps
  const now = deps.now()
  const { kind, ttlSeconds } = BAR_MAILS[bar ?? 'email_not_verified']
  const token = newOneTimeToken(now, ttlSeconds)
  const mailId = newId()
  const reason = bar ?? 'wrong password'
  const owner = { id: bar === null || account === null ? '' : account.id }
  const event = { type: 'login.failed', at: now, ...byStranger(account), details: { reason } } as const
  await inOneBatch(db, {
    token: issueTokenStatement(db, { ...token, purpose: kind }, owner),
    mail: mailTokenStatements(db, { id: mailId, kind, locale: requester.locale, tokenId: token.id, createdAt: now }),
    audit: auditStatement(db, event, requester),
  })
  await deps.announceMails([mailId])
  throw toCredentialsRefusal(account ? reason : 'unknown account')
}

/** Records in the audit trail that something was refused to somebody who has not proven who they are. */
export async function recordRefusal(
  deps: Recording,
  account: Pick<Account, 'id'> | null,
  fact: AuditFact,
): Promise<void> {
  await auditStatement(deps.db, { ...fact, at: deps.now(), ...byStranger(account) }, deps.requester)
}
