import { EMAIL_CHANGE_TOKEN_TTL_SECONDS } from '../../config.ts'
import { maskEmailAddress } from '../../domain/email-address.ts'
import type { Mailing, Reading, TryingPasswords } from '../../platform/platform.ts'
import { changeEmailStatement } from '../../storage/accounts/accounts.ts'
import { endUndosOnReturnStatement, whenReturnsTo } from '../../storage/accounts/undo.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { ownerOfAddress, takenMailKind, whenAddressIsTaken, whenTokenGivesAddress } from '../../storage/conditions.ts'
import { enqueueMailStatement, mailTokenStatements } from '../../storage/mail.ts'
import { consumeAllTokensStatement, issueTokenStatement } from '../../storage/one-time-tokens.ts'
import { newId, newOneTimeToken } from '../identifiers.ts'
import { noticeTo } from '../notices.ts'
import { proveToken, refuseIfLost, type TokenProof } from '../one-time-tokens.ts'
import { proveAgain } from '../passwords/proof.ts'
import type { CallerWithCredentials } from '../sessions/authentication.ts'
import { ADDRESS_TAKEN, refuseTaken } from '../taken.ts'

/**
 * Mails a link and a code to the new address; nothing changes before one of them is used. Where that address has an
 * account, its owner is told instead, and the caller cannot tell the difference. It asks for a recent login, or for the
 * password.
 * @throws {Refusal} `step_up_required`, `invalid_credentials`, `login_throttled`.
 */
export async function requestEmailChange(
  deps: TryingPasswords & Mailing,
  caller: CallerWithCredentials,
  input: { newEmail: string; password?: string | undefined },
): Promise<void> {
  const { db, requester } = deps
  const { account } = caller
  await proveAgain(deps, caller, input.password)
  const now = deps.now()
  const token = newOneTimeToken(now, EMAIL_CHANGE_TOKEN_TTL_SECONDS)
  const mailId = newId()
  const mail = { id: mailId, locale: requester.locale, createdAt: now }
  await inOneBatch(db, {
    token: issueTokenStatement(
      db,
      { ...token, purpose: 'change_email', email: input.newEmail },
      { id: account.id, unlessTaken: input.newEmail },
    ),
    mail: mailTokenStatements(db, { ...mail, kind: 'confirm_email_change', tokenId: token.id }),
    mailToOwner: enqueueMailStatement(
      db,
      {
        ...mail,
        kind: takenMailKind(input.newEmail),
        recipient: input.newEmail,
        userId: ownerOfAddress(input.newEmail),
      },
      whenAddressIsTaken(input.newEmail, account.id),
    ),
    audit: auditStatement(db, { type: 'email.change_requested', at: now, ...bySelf(account) }, requester),
  })
  await deps.announceMails([mailId])
}

/**
 * Gives the account the address that the token or code was mailed to, and tells both addresses. The notice to the old
 * one can undo the change, unless the account returns to an address that it had a short while ago: that address may
 * undo more than the other. Every other token of the account is deleted, because it was sent to the old address.
 * @throws {Refusal} `invalid_token`, whatever is wrong with the proof, also when somebody took the address meanwhile.
 */
export async function confirmEmailChange(deps: Reading & Mailing, proof: TokenProof): Promise<void> {
  const { db, requester } = deps
  const { token, account } = await proveToken(deps, proof, 'change_email')
  const now = deps.now()
  const { email } = token
  const address = { userId: account.id, email }
  const when = whenTokenGivesAddress(token.id, address)
  const news = { at: now, when, hasRequestFacts: false }
  const toOld = noticeTo(deps, account, {
    ...news,
    kind: 'email_changed',
    facts: { email: maskEmailAddress(email) },
    whenFinal: whenReturnsTo(address, now),
  })
  const toNew = noticeTo(deps, account, { ...news, kind: 'new_email_in_use', recipient: email })
  const { consumed } = await refuseTaken(
    inOneBatch(db, {
      toOld: toOld.statements,
      toNew: toNew.statements,
      undos: endUndosOnReturnStatement(db, address, { at: now, when }),
      audit: auditStatement(db, { type: 'email.changed', at: now, ...bySelf(account) }, requester, when),
      account: changeEmailStatement(db, { tokenId: token.id, newEmail: email, nowMs: now }, when),
      consumed: consumeAllTokensStatement(db, token.id, when),
    }),
    ADDRESS_TAKEN,
  )
  refuseIfLost(consumed, token.id)
  await deps.announceMails([toOld.id, toNew.id])
}
