import { findTotpStep } from '../../crypto/totp.ts'
import { openTotpSecret } from '../../crypto/totp-seals.ts'
import { logError } from '../../platform/log.ts'
import type { Reading } from '../../platform/platform.ts'
import {
  deleteTotpStatement,
  findTotpSecret,
  spendTotpStepStatement,
  whenTotpIsSet,
  whenTotpStepIsUnused,
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
  async verify(deps, { account, proof }) {
    const secret = await findTotpSecret(deps.db, account.id)
    if (!('code' in proof) || secret === null || secret.activatedAt === null) return null
    const step = await findUnusedStep(deps, secret, proof.code)
    if (step === null) return null
    return {
      methods: ['otp'],
      whenUnused: whenTotpStepIsUnused(secret, step),
      use: (when) => ({ statements: [spendTotpStepStatement(deps.db, secret, step, when)], mails: [] }),
    }
  },
  remove: deleteTotpStatement,
}

/**
 * Gives the time step of a code that is right and was not used, or null. Whoever goes by it uses it up (ASVS 6.5.1):
 * of simultaneous uses of one code, wherever it is shown, one has an effect.
 */
export async function findUnusedStep(
  deps: Reading,
  stored: NonNullable<Awaited<ReturnType<typeof findTotpSecret>>>,
  code: string,
): Promise<number | null> {
  const secret = await openTotpSecret(deps.settings.secrets, stored.userId, stored.seals)
  if (secret === null) {
    const why = new Error('no version of AUTH_SECRET opens the secret of an authenticator app')
    logError('authenticator app not usable', why, { userId: stored.userId, sealedFor: stored.sealedFor })
    return null
  }
  const step = findTotpStep(secret, code, deps.now())
  return step !== null && step > stored.lastStep ? step : null
}
