import { findTotpStep } from '../../crypto/totp.ts'
import { openTotpSecret } from '../../crypto/totp-seals.ts'
import { logError } from '../../platform/log.ts'
import type { Reading } from '../../platform/platform.ts'
import {
  deleteTotpStatement,
  findTotpSecret,
  spendTotpStepStatement,
  totpOwners,
  whenTotpIsSet,
} from '../../storage/factors/totp.ts'
import type { Factor } from './factor.ts'

/** The codes of an authenticator app (RFC 6238). */
export const totp: Factor = {
  method: 'totp',
  isStrong: true,
  isFallback: false,
  isGuessable: true,
  isSet: ({ factors }) => factors.totp,
  describe: ({ factors }) => ({ totp: factors.totp }),
  whenSet: whenTotpIsSet,
  owners: totpOwners,
  async verify(deps, { account, proof }) {
    const secret = await findTotpSecret(deps.db, account.id)
    if (!('code' in proof) || secret === null || secret.activatedAt === null) return null
    return (await spendTotpCode(deps, secret, proof.code)) ? ['otp'] : null
  },
  remove: deleteTotpStatement,
}

/**
 * Tells whether a code is right, and uses it up (ASVS 6.5.1). Of simultaneous uses of one code, wherever it is shown,
 * one is right.
 */
export async function spendTotpCode(
  deps: Reading,
  stored: NonNullable<Awaited<ReturnType<typeof findTotpSecret>>>,
  code: string,
): Promise<boolean> {
  const secret = await openTotpSecret(deps.settings.secrets, stored.userId, stored.seals)
  if (secret === null) {
    const why = new Error('no version of AUTH_SECRET opens the secret of an authenticator app')
    logError('authenticator app not usable', why, { userId: stored.userId, sealedFor: stored.sealedFor })
    return false
  }
  const step = findTotpStep(secret, code, deps.now())
  return step !== null && (await spendTotpStepStatement(deps.db, stored, step)).length > 0
}
