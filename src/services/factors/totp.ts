import { deleteTotpStatement } from '../../storage/factors/totp.ts'
import type { Factor } from './factor.ts'

/** The codes of an authenticator app (RFC 6238). */
export const totp: Factor = {
  method: 'totp',
  isStrong: true,
  isGuessable: true,
  isSet: ({ factors }) => factors.totp,
  verify: async () => null,
  remove: deleteTotpStatement,
}
