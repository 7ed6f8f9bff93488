import type { Mailing } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { byStranger } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { enqueueTokenMailStatement } from '../../storage/mail.ts'
import type { OneTimeToken } from '../../storage/one-time-tokens.ts'
import { newId } from '../identifiers.ts'
import { isRightCodeFor } from '../one-time-tokens.ts'
import type { Factor } from './factor.ts'

/** A code that is mailed to the address of the account. Nobody sets it up: every account has an address. */
export const mailedCode: Factor = {
  method: 'email',
  isStrong: false,
  isGuessable: true,
  isSet: () => true,
  async verify(deps, { token, proof }) {
    const isRight = token !== null && 'code' in proof && isRightCodeFor(deps, token, proof.code)
    return isRight ? ['otp'] : null
  },
}

/** Mails the code of a login that waits for its second factor. */
export async function mailLoginCode(
  deps: Mailing,
  { token, account }: { token: OneTimeToken; account: Account },
): Promise<void> {
  const { db, requester } = deps
  const at = deps.now()
  const mailId = newId()
  await inOneBatch(db, {
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
