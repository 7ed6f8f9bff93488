import { createHash } from 'node:crypto'
import { isEqualInConstantTime } from '../../domain/constant-time.ts'
import type { Invitation } from '../../domain/invitation.ts'
import { Refusal } from '../../errors.ts'
import type { EndingSessions, Mailing, Platform, Reading, TryingPasswords } from '../../platform/platform.ts'
import { proveAccessStatements } from '../../storage/accounts/access-proof.ts'
import { findCredentials, resetPasswordStatement } from '../../storage/accounts/credentials.ts'
import { insertInvitedStatement, isSpent, whenInvited } from '../../storage/accounts/invitation.ts'
import { endOlderUndosStatement } from '../../storage/accounts/undo.ts'
import { bySystem } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenAll } from '../../storage/conditions.ts'
import { deleteTokensStatement } from '../../storage/one-time-tokens.ts'
import { grantRoleStatement, whenRoleIsMissing } from '../../storage/roles.ts'
import { endSessionsStatement } from '../../storage/sessions/sessions.ts'
import { spendStateStatement } from '../../storage/spent-states.ts'
import { removeUnprovenFactorsStatements } from '../factors/registry.ts'
import { newId, throttleOf } from '../identifiers.ts'
import { noticeTo } from '../notices.ts'
import { passwordResetNotice } from '../passwords/passwords.ts'
import { assertPasswordAllowed } from '../passwords/policy.ts'
import { revokeSessions } from '../sessions/ending.ts'

type Needs = TryingPasswords & Mailing & EndingSessions & Pick<Platform, 'providers'>

/**
 * Makes an admin of whoever holds the link that the operator's command printed (docs/decisions/
 * 0028-operator-commands.md). Where nobody has the invited address, an account is made. An account that has it gets the
 * new password as by a mailed link: its sessions end, what a stranger may have set up is removed, and the factors of a
 * proven account stay. The link is used once.
 * @throws {Refusal} `invalid_token`, whatever is wrong with the link, and where the account is deactivated;
 * `invalid_request` for a weak password, which leaves the link unused.
 */
export async function acceptInvitation(deps: Needs, input: { token: string; password: string }): Promise<void> {
  const { db, requester, settings } = deps
  const { email, tokenHash, expiresAt } = proveInvitation(deps, input.token)
  const invitation = { id: tokenHash, expiresAt }
  if (await isSpent(db, invitation)) throw new Refusal('invalid_token', { reason: 'invitation used' })
  const known = (await findCredentials(db, { email }))?.account ?? null
  const account = known ?? { id: newId(), email, username: null, name: null, locale: requester.locale }
  assertPasswordAllowed(input.password, settings, account, 'password')
  const newHash = await throttleOf(deps, { email }).resetPassword(input.password)
  const now = deps.now()
  const { id: userId, locale } = account
  const when = whenInvited(account, invitation)
  const whenNewAdmin = whenAll([when, whenRoleIsMissing({ userId, role: 'admin' })])
  const event = { at: now, ...bySystem(account) }
  const granted = { ...event, type: 'role.granted', details: { role: 'admin', how: 'operator' } } as const
  const promoted = noticeTo(deps, account, { kind: 'role_granted', at: now, when: whenNewAdmin })
  const changed = known && passwordResetNotice(deps, known, { at: now, when })
  const { ended, spent } = await inOneBatch(db, {
    account: known ? null : insertInvitedStatement(db, { id: userId, email, locale, createdAt: now }, invitation),
    user: known ? null : grantRoleStatement(db, { userId, role: 'user' }, when),
    ended: endSessionsStatement(db, userId, { when }),
    changed: changed?.statements ?? null,
    audit: auditStatement(db, { ...event, type: known ? 'password.reset' : 'user.registered' }, requester, when),
    granted: auditStatement(db, granted, requester, whenNewAdmin),
    promoted: promoted.statements,
    admin: grantRoleStatement(db, { userId, role: 'admin' }, when),
    undos: endOlderUndosStatement(db, userId, when),
    factors: removeUnprovenFactorsStatements(db, userId, when),
    proven: proveAccessStatements(db, userId, { at: now, when }),
    tokens: deleteTokensStatement(db, userId, when),
    password: resetPasswordStatement(db, userId, { newHash, at: now, when }),
    spent: spendStateStatement(db, invitation, when),
  })
  if (spent.length === 0) throw new Refusal('invalid_token', { reason: 'invitation used, or the account changed' })
  await revokeSessions(deps, ended)
  await deps.announceMails([promoted.id, ...(changed ? [changed.id] : [])])
}

/** Finds the invitation that a token belongs to. The Worker knows only the hash of the token. */
function proveInvitation({ settings, now }: Pick<Reading, 'settings' | 'now'>, token: string): Invitation {
  const { adminInvitation: invitation } = settings
  const hash = createHash('sha256').update(token).digest('base64url')
  if (invitation === null || !isEqualInConstantTime(hash, invitation.tokenHash))
    throw new Refusal('invalid_token', { reason: 'no such invitation' })
  if (invitation.expiresAt <= now()) throw new Refusal('invalid_token', { reason: 'invitation expired' })
  return invitation
}
