import { RecoveryCodes, TotpEnrolment } from '../../src/contracts/factors.ts'
import { answerOf } from './answers.ts'
import { totpCode } from './authenticator.ts'
import { bearer, post } from './client.ts'
import { noteSecrets } from './log-leaks.ts'

/**
 * Sets up an authenticator app for whoever is signed in, as a person does, and answers its secret and the recovery
 * codes. The code of the current step is used then; the next one is `totpCode(secret, 1)`.
 */
export async function enrol(accessToken: string): Promise<{ secret: string; recoveryCodes: string[] }> {
  const { secret } = await answerOf(await post('/auth/mfa/totp', undefined, bearer(accessToken)), TotpEnrolment, 201)
  noteSecrets({ secret })
  const activated = await post('/auth/mfa/totp/activate', { code: totpCode(secret) }, bearer(accessToken))
  const { recoveryCodes } = await answerOf(activated, RecoveryCodes)
  return { secret, recoveryCodes }
}
