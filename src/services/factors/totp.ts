import { deleteTotpStatement, whenTotpIsSet } from '../../storage/factors/totp.ts'
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
  verify: async () => null,
  remove: deleteTotpStatement,
}
