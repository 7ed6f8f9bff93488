import { VERIFICATION_TOKEN_TTL_SECONDS } from '../../config.ts'
import type { Mailing, Platform, Reading } from '../../platform/platform.ts'
import { describeIdentities, factsWith } from '../../storage/accounts/access-proof.ts'
import { verifyEmailStatement } from '../../storage/accounts/accounts.ts'
import { bySelf, byStranger } from '../../storage/actors.ts'
import { auditOrCountStatements, auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import {
  type Condition,
  signUpTimeOf,
  userIdByEmail,
  whenMailed,
  whenTokenExists,
  whenVerifiesFirstSignUp,
} from '../../storage/conditions.ts'
import { mailTokenStatements } from '../../storage/mail.ts'
import { consumeTokenStatement, issueTokenStatement } from '../../storage/one-time-tokens.ts'
import { providerNames } from '../federation/providers.ts'
import { newId, newOneTimeToken } from '../identifiers.ts'
import { proveToken, refuseIfLost, type TokenProof } from '../one-time-tokens.ts'
import { bootstrapStatements } from './bootstrap-admin.ts'

/** Says what a click on the link confirms: when the sign-up was, and which account at a provider it came by. */
export const describeSignUp = (deps: Pick<Platform, 'providers'>, userId: string | Condition) =>
  factsWith({}, { time: signUpTimeOf(userId), signIn: describeIdentities(userId, providerNames(deps)) })

/**
 * Mails a new verification link if there is an account that waits for one. The answer does not tell whether there is.
 * Anybody can ask for the mail, so it says what a click confirms: when the sign-up was, and which account at a provider
 * it came by, if it came by one.
 */
export async function resendVerification(deps: Mailing & Pick<Platform, 'providers'>, email: string): Promise<void> {
  const { db, requester } = deps
  const now = deps.now()
  const token = newOneTimeToken(now, VERIFICATION_TOKEN_TTL_SECONDS)
  const mailId = newId()
  const userId = userIdByEmail(email)
  const event = { type: 'email.verification_requested', at: now, ...byStranger({ id: userId }) } as const
  await inOneBatch(db, {
    token: issueTokenStatement(db, { ...token, purpose: 'verify_email' }, { email, isUnverified: true }),
    mail: mailTokenStatements(db, {
      id: mailId,
      kind: 'verify_email',
      locale: requester.locale,
      tokenId: token.id,
      createdAt: now,
      details: describeSignUp(deps, userId),
    }),
    audit: auditOrCountStatements(db, event, requester, whenMailed(mailId)),
  })
  await deps.announceMails([mailId])
}

/**
 * Verifies an address by the token or the code that was mailed to it.
 * @throws {Refusal} `invalid_token`, whatever is wrong with the token or the code.
 */
export async function verifyEmail(deps: Reading & Mailing, proof: TokenProof): Promise<void> {
  const { db, requester } = deps
  const { token, account } = await proveToken(deps, proof, 'verify_email')
  const now = deps.now()
  const bootstrap = bootstrapStatements(deps, account, {
    how: 'email_verified',
    when: whenVerifiesFirstSignUp(token.id),
  })
  const { consumed } = await inOneBatch(db, {
    bootstrap: bootstrap.statements,
    verified: verifyEmailStatement(db, token.id, now),
    audit: auditStatement(
      db,
      { type: 'email.verified', at: now, ...bySelf(account) },
      requester,
      whenTokenExists(token.id),
    ),
    consumed: consumeTokenStatement(db, token.id),
  })
  refuseIfLost(consumed, token.id)
  await deps.announceMails(bootstrap.mailIds)
}
