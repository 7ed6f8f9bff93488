import { RESET_TOKEN_TTL_SECONDS } from '../../config.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import type { EndingSessions, Mailing, Reading } from '../../platform/platform.ts'
import { restoreAccountStatement, restoreFormerStatements } from '../../storage/accounts/former-state.ts'
import { consumeUndoTokenStatement, whenAddressChanged } from '../../storage/accounts/undo.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenTokenExists } from '../../storage/conditions.ts'
import { deleteExchangesStatement } from '../../storage/federation/login-exchanges.ts'
import { mailTokenStatements } from '../../storage/mail.ts'
import { issueTokenStatement } from '../../storage/one-time-tokens.ts'
import { endSessionsStatement } from '../../storage/sessions/sessions.ts'
import { stopRemovalStatements } from '../factors/stop-removal.ts'
import { newId, newOneTimeToken } from '../identifiers.ts'
import { noticeTo } from '../notices.ts'
import { proveToken, refuseIfLost } from '../one-time-tokens.ts'
import { revokeSessions } from '../sessions/ending.ts'
import { ADDRESS_TAKEN, refuseTaken } from '../taken.ts'

/**
 * Undoes what a notice told of, for somebody who has the mailbox that it went to. All sessions end. The account has the
 * address and the factors again that it had before the event; what was added since is removed. No password signs in
 * before a new one is set by the mail that this sends. So the token gives no more than a forgotten password would have
 * given just before the event. docs/decisions/0022-not-me.md argues which token still counts after another was used.
 * @throws {Refusal} `invalid_token`, whatever is wrong with it.
 */
export async function undoEvent(deps: Reading & Mailing & EndingSessions, shown: string): Promise<void> {
  const { db, requester } = deps
  const { token, account } = await proveToken(deps, { token: shown }, 'not_me')
  const now = deps.now()
  const whenLive = whenTokenExists(token.id)
  const mailId = newId()
  const reset = newOneTimeToken(now, RESET_TOKEN_TTL_SECONDS)
  const details = { since: toTimestamp(token.createdAt) }
  const event = { type: 'account.reverted', at: now, ...bySelf(account), details } as const
  const toLostAddress = noticeTo(deps, account, {
    kind: 'address_reverted',
    at: now,
    when: whenAddressChanged(token.id),
    hasRequestFacts: false,
  })
  const { ended, consumed } = await refuseTaken(
    inOneBatch(db, {
      ended: endSessionsStatement(db, account.id, { when: whenLive }),
      notice: toLostAddress.statements,
      audit: auditStatement(db, event, requester, whenLive),
      removal: stopRemovalStatements(deps, account, { why: 'not me', when: whenLive }),
      exchanges: deleteExchangesStatement(db, account.id, whenLive),
      credentials: restoreFormerStatements(db, token.id, now),
      account: restoreAccountStatement(db, token.id, now),
      reset: issueTokenStatement(db, { ...reset, purpose: 'reset_password' }, { id: account.id, when: whenLive }),
      mail: mailTokenStatements(db, {
        id: mailId,
        kind: 'account_reverted',
        tokenId: reset.id,
        locale: account.locale,
        createdAt: now,
      }),
      consumed: consumeUndoTokenStatement(db, token.id, reset.id),
    }),
    ADDRESS_TAKEN,
  )
  refuseIfLost(consumed, token.id)
  await revokeSessions(deps, ended)
  await deps.announceMails([mailId, toLostAddress.id])
}
