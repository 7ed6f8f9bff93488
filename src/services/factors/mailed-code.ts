import { FACTOR_CODE_GUESSES, MAILED_CODE_TTL_SECONDS, MFA_TICKET_TTL_SECONDS } from '../../config.ts'
import type { Mailing, Platform } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { bySelf, byStranger } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenTokenExists } from '../../storage/conditions.ts'
import { enqueueTokenMailStatement, mailTokenStatements } from '../../storage/mail.ts'
import {
  countGuess,
  issueTokenStatement,
  type OneTimeToken,
  prolongTokenStatement,
  spendTokenStatement,
} from '../../storage/one-time-tokens.ts'
import type { Session } from '../../storage/sessions/sessions.ts'
import { newId, newOneTimeToken } from '../identifiers.ts'
import { isRightCodeFor } from '../one-time-tokens.ts'
import type { Factor } from './factor.ts'

/**
 * A code that is mailed to the address of the account. Nobody sets it up: every account has an address. It is derived
 * from the ticket of the login, or from a token of the session, that asked for it, so it proves nothing to another
 * (ASVS 6.6.2). The code of a ticket is used up with the ticket.
 */
export const mailedCode: Factor = {
  method: 'email',
  isStrong: false,
  isFallback: true,
  isGuessable: true,
  isSet: () => true,
  async verify(deps, { token, proof }) {
    if (token === null || !('code' in proof) || !isRightCodeFor(deps, token, proof.code)) return null
    return {
      methods: ['otp'],
      whenUnused: whenTokenExists(token.id),
      use: (when) => ({ statements: [spendTokenStatement(deps.db, token.id, when)], mails: [] }),
    }
  },
}

/**
 * Mails the code of a login that waits for its second factor. The ticket then lives as long as the code, but no longer
 * than if the code had been asked for at its end.
 */
export async function mailLoginCode(
  deps: Mailing,
  { token, account }: { token: OneTimeToken; account: Account },
): Promise<void> {
  const { db, requester } = deps
  const at = deps.now()
  const mailId = newId()
  const latest = token.createdAt + (MFA_TICKET_TTL_SECONDS + MAILED_CODE_TTL_SECONDS) * 1000
  await inOneBatch(db, {
    prolonged: prolongTokenStatement(db, token.id, Math.min(at + MAILED_CODE_TTL_SECONDS * 1000, latest)),
    mail: enqueueTokenMailStatement(db, {
      id: mailId,
      kind: 'one_time_code',
      locale: requester.locale,
      tokenId: token.id,
      createdAt: at,
    }),
    audit: auditStatement(db, { type: 'login.code_requested', at, ...byStranger(account) }, requester),
  })
  await deps.announceMails([mailId])
}

/** Mails a code to somebody who is signed in, by which this session alone can prove once more who they are. */
export async function mailStepUpCode(
  deps: Mailing,
  { account, session }: { account: Account; session: Pick<Session, 'id'> },
): Promise<void> {
  const { db, requester } = deps
  const at = deps.now()
  const mailId = newId()
  const token = newOneTimeToken(at, MAILED_CODE_TTL_SECONDS)
  const event = { type: 'step_up.code_requested', at, ...bySelf(account) } as const
  await inOneBatch(db, {
    token: issueTokenStatement(db, { ...token, purpose: 'step_up', sessionId: session.id }, { id: account.id }),
    mail: mailTokenStatements(db, {
      id: mailId,
      kind: 'one_time_code',
      locale: account.locale,
      tokenId: token.id,
      createdAt: at,
    }),
    audit: auditStatement(db, event, requester, whenTokenExists(token.id)),
  })
  await deps.announceMails([mailId])
}

/** Counts a guess at the code that a session asked for last, and answers the token of that code, or null. */
export async function countStepUpGuess(
  deps: Pick<Platform, 'db' | 'now'>,
  session: Pick<Session, 'id'>,
): Promise<OneTimeToken | null> {
  const guess = { sessionId: session.id, purpose: 'step_up', at: deps.now() } as const
  const [found] = await countGuess(deps.db, guess, FACTOR_CODE_GUESSES)
  return found?.token ?? null
}
