import { RESET_TOKEN_TTL_SECONDS } from '../../config.ts'
import { Refusal } from '../../errors.ts'
import type { EndingSessions, Mailing, Platform, TryingPasswords } from '../../platform/platform.ts'
import {
  describeIdentities,
  proveAccessStatements,
  whenIdentityIsProven,
  whenIdentityIsUnproven,
} from '../../storage/accounts/access-proof.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { changePasswordStatement, resetPasswordStatement } from '../../storage/accounts/credentials.ts'
import { endOlderUndosStatement } from '../../storage/accounts/undo.ts'
import { bySelf, byStranger } from '../../storage/actors.ts'
import { auditOrCountStatements, auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { type Condition, userIdByEmail, whenMailed, whenPasswordIs, whenTokenExists } from '../../storage/conditions.ts'
import { deleteExchangesStatement } from '../../storage/federation/login-exchanges.ts'
import { mailTokenStatements } from '../../storage/mail.ts'
import { consumeAllTokensStatement, deleteTokensStatement, issueTokenStatement } from '../../storage/one-time-tokens.ts'
import { endSessionsStatement } from '../../storage/sessions/sessions.ts'
import { bootstrapStatements } from '../accounts/bootstrap-admin.ts'
import { removeUnprovenFactorsStatements } from '../factors/registry.ts'
import { providerNames } from '../federation/providers.ts'
import { newId, newOneTimeToken, throttleOf } from '../identifiers.ts'
import { noticeTo } from '../notices.ts'
import { proveToken, refuseIfLost, type TokenProof } from '../one-time-tokens.ts'
import type { CallerWithCredentials } from '../sessions/authentication.ts'
import { revokeSessions } from '../sessions/ending.ts'
import { assertPasswordAllowed } from './policy.ts'
import { provePassword } from './proof.ts'

type Needs = TryingPasswords & Mailing & EndingSessions

/** Mails a link to set a new password, if an active account has the address. The caller cannot tell whether one has. */
export async function requestPasswordReset(deps: Mailing, email: string): Promise<void> {
  const { db, requester } = deps
  const now = deps.now()
  const token = newOneTimeToken(now, RESET_TOKEN_TTL_SECONDS)
  const mailId = newId()
  const whose = byStranger({ id: userIdByEmail(email) })
  const event = { type: 'password.reset_requested', at: now, ...whose } as const
  await inOneBatch(db, {
    token: issueTokenStatement(db, { ...token, purpose: 'reset_password' }, { email }),
    mail: mailTokenStatements(db, {
      id: mailId,
      kind: 'reset_password',
      locale: requester.locale,
      tokenId: token.id,
      createdAt: now,
    }),
    audit: auditOrCountStatements(db, event, requester, whenMailed(mailId)),
  })
  await deps.announceMails([mailId])
}

/**
 * Sets a new password by a mailed token or code. Every session ends. Every other token of the account is deleted, and
 * so is each identity that a stranger may have linked. The login throttle forgets its failures. The owner is told, and
 * learns which ways to sign in are left. A second factor stays if the account's address was verified before, and is
 * asked for at the next login.
 * @throws {Refusal} `invalid_token`, whatever is wrong with it; `invalid_request` for a weak password, which leaves the
 * token unused.
 */
export async function resetPassword(
  deps: Needs & Pick<Platform, 'providers'>,
  proof: TokenProof,
  password: string,
): Promise<void> {
  const { db, requester, settings } = deps
  const stranger = { email: 'email' in proof ? proof.email : '', username: null, name: null }
  assertPasswordAllowed(password, settings, stranger, 'password')
  const { token, account } = await proveToken(deps, proof, 'reset_password')
  assertPasswordAllowed(password, settings, account, 'password')
  const newHash = await throttleOf(deps, account).resetPassword(password)
  const now = deps.now()
  const whenLive = whenTokenExists(token.id)
  const notice = passwordResetNotice(deps, account, { at: now, when: whenLive })
  const bootstrap = bootstrapStatements(deps, account, { how: 'password_reset', when: whenLive })
  const { ended, consumed } = await inOneBatch(db, {
    ended: endSessionsStatement(db, account.id, { when: whenLive }),
    notice: notice.statements,
    audit: auditStatement(db, { type: 'password.reset', at: now, ...bySelf(account) }, requester, whenLive),
    bootstrap: bootstrap.statements,
    undos: endOlderUndosStatement(db, account.id, whenLive),
    factors: removeUnprovenFactorsStatements(db, account.id, whenLive),
    proven: proveAccessStatements(db, account.id, { at: now, when: whenLive }),
    password: resetPasswordStatement(db, account.id, { newHash, at: now, when: whenLive }),
    consumed: consumeAllTokensStatement(db, token.id),
  })
  refuseIfLost(consumed, token.id)
  await revokeSessions(deps, ended)
  await deps.announceMails([notice.id, ...bootstrap.mailIds])
}

/** Tells the owner of an account of a new password, and which ways to sign in it has removed and left. */
export function passwordResetNotice(
  deps: Pick<Platform, 'db' | 'requester' | 'providers'>,
  account: Pick<Account, 'id' | 'locale'>,
  occasion: { at: number; when: Condition },
) {
  const names = providerNames(deps)
  const found = {
    dropped: describeIdentities(account.id, names, whenIdentityIsUnproven),
    kept: describeIdentities(account.id, names, whenIdentityIsProven),
  }
  return noticeTo(deps, account, { kind: 'password_changed', ...occasion, found })
}

/**
 * Changes the password of somebody who knows the current one. Their other sessions end, and they are told.
 * @throws {Refusal} `invalid_credentials`, `login_throttled`; `invalid_request` for a weak new password.
 */
export async function changePassword(
  deps: Needs,
  caller: CallerWithCredentials,
  input: { currentPassword: string; newPassword: string },
): Promise<void> {
  const { db, requester } = deps
  const { account, credentials, session } = caller
  assertPasswordAllowed(input.newPassword, deps.settings, account, 'newPassword')
  await provePassword(deps, caller, input.currentPassword)
  const newHash = await throttleOf(deps, account).hashPassword(input.newPassword)
  const now = deps.now()
  const { passwordChangedAt } = credentials
  const whenChanged = whenPasswordIs(account.id, newHash)
  const notice = noticeTo(deps, account, { kind: 'password_changed', at: now, when: whenChanged })
  const { changed, ended } = await inOneBatch(db, {
    changed: changePasswordStatement(db, { userId: account.id, passwordChangedAt }, { newHash, at: now }),
    ended: endSessionsStatement(db, account.id, { except: session.id, when: whenChanged }),
    tokens: deleteTokensStatement(db, account.id, whenChanged),
    exchanges: deleteExchangesStatement(db, account.id, whenChanged),
    audit: auditStatement(db, { type: 'password.changed', at: now, ...bySelf(account) }, requester, whenChanged),
    notice: notice.statements,
  })
  if (changed.length === 0) throw new Refusal('invalid_credentials', { reason: 'password changed at the same moment' })
  await revokeSessions(deps, ended)
  await deps.announceMails([notice.id])
}
