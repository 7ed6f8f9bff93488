import { MAIL_MAX_PER_KIND_AND_HOUR, VERIFICATION_TOKEN_TTL_SECONDS } from '../config.ts'
import type { Platform } from '../platform/compose.ts'
import { grantRoleStatement, verifyEmailStatement } from '../storage/accounts.ts'
import { auditOrCountStatements, auditStatement } from '../storage/audit-events.ts'
import { tokenExists, userIdByEmail, userIdByToken, whenMailed } from '../storage/conditions.ts'
import { consumeTokenStatement, issueTokenStatement } from '../storage/one-time-tokens.ts'
import { mailTokenStatements } from '../storage/outbox.ts'
import { newId, newOneTimeToken } from './identifiers.ts'
import { proveToken, refuseIfLost, type TokenProof } from './one-time-tokens.ts'

/** Mails a new verification link, if there is an account that waits for one. The caller cannot tell (A10). */
export async function resendVerification(
  deps: Pick<Platform, 'db' | 'now' | 'client' | 'announceMails'>,
  email: string,
): Promise<void> {
  const { db, client } = deps
  const now = deps.now()
  const token = newOneTimeToken(now, VERIFICATION_TOKEN_TTL_SECONDS)
  const mailId = newId()
  const event = { type: 'email.verification_requested', at: now, userId: userIdByEmail(email) } as const
  await db.batch([
    issueTokenStatement(db, { ...token, purpose: 'verify_email' }, { email, unverified: true }),
    ...mailTokenStatements(
      db,
      { id: mailId, kind: 'verify_email', locale: client.locale, tokenId: token.id, createdAt: now },
      MAIL_MAX_PER_KIND_AND_HOUR,
    ),
    ...auditOrCountStatements(db, event, client, whenMailed(mailId)),
  ])
  await deps.announceMails([mailId])
}

/**
 * Verifies an address by the token or the code that was mailed to it.
 * @throws {AuthError} `invalid_token`, whatever is wrong with it.
 */
export async function verifyEmail(
  deps: Pick<Platform, 'db' | 'now' | 'client' | 'settings'>,
  proof: TokenProof,
): Promise<void> {
  const { db, client, settings } = deps
  const { token, account } = await proveToken(deps, proof, 'verify_email')
  const now = deps.now()
  const role = token.email === settings.bootstrapAdminEmail ? 'admin' : 'user'
  const [, , , consumed] = await db.batch([
    verifyEmailStatement(db, token.id, now),
    grantRoleStatement(db, role, userIdByToken(token.id)),
    auditStatement(
      db,
      { type: 'email.verified', at: now, actorId: account.id, userId: account.id },
      client,
      tokenExists(token.id),
    ),
    consumeTokenStatement(db, token.id),
  ])
  refuseIfLost(consumed, token.id)
}
