import type { AccessTokenClaims } from '../../crypto/access-token.ts'
import type { Reading } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { type AnswerOf, inOneBatch, type Statement } from '../../storage/batch.ts'
import { selectAccountStatement } from '../../storage/sessions/sessions.ts'
import { refuseEnded } from './authentication.ts'
import { liveNow } from './live-sessions.ts'
import type { StandingSession } from './standing.ts'

/** Reads what a statement selects, and in the same round trip whether the caller may read it. */
export type ReadAsCaller = <Read extends Statement>(statement: Read) => Promise<AnswerOf<Read>>

/**
 * Reads something for the holder of a genuine token, together with the account as it is now, in one round trip.
 * @throws {Refusal} `unauthenticated` when the session has ended or the account is not active.
 */
export async function readWithAccount<Read extends Statement>(
  deps: Reading,
  { sid }: Pick<AccessTokenClaims, 'sid'>,
  statement: Read,
): Promise<{ account: Account; session: StandingSession; answer: AnswerOf<Read> }> {
  const { accounts, answer } = await inOneBatch<{ accounts: ReturnType<typeof selectAccountStatement>; answer: Read }>(
    deps.db,
    { accounts: selectAccountStatement(deps.db, sid, liveNow(deps)), answer: statement },
  )
  const [row] = accounts
  if (!row) return refuseEnded()
  const { strongAuthenticatedAt, deviceTrustedAt, ...account } = row
  return { account, session: { strongAuthenticatedAt, deviceTrustedAt }, answer }
}
