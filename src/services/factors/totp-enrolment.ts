import { renderSVG } from 'uqr'
import { TOTP_ENROLMENT_TTL_SECONDS } from '../../config.ts'
import { makeTotpSecret, toOtpauthUri } from '../../crypto/totp.ts'
import { sealTotpSecret } from '../../crypto/totp-seals.ts'
import { isRecent } from '../../domain/recency.ts'
import { Refusal } from '../../errors.ts'
import type { EndingSessions, Mailing, Platform, Reading } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenAll } from '../../storage/conditions.ts'
import { whenStrongFactorMayGo } from '../../storage/factors/state.ts'
import {
  activateTotpStatement,
  deleteTotpStatement,
  findTotpSecret,
  putPendingTotpStatement,
  whenTotpIsPending,
  whenTotpIsSet,
} from '../../storage/factors/totp.ts'
import type { Caller } from '../sessions/authentication.ts'
import { factorChange } from './changes.ts'
import { dropUselessCodesStatement, makeFirstCodes } from './recovery-code-sets.ts'
import { findUnusedStep } from './totp.ts'

/** A reader needs this much white around the code, in modules (ISO/IEC 18004). */
const QUIET_ZONE = 4

type ChangingFactors = Reading & Mailing & EndingSessions & Pick<Platform, 'loginThrottle'>

/** What a person needs to put the secret into an authenticator app. */
export interface TotpEnrolment {
  /** In base32, for somebody who types it. */
  secret: string
  otpauthUri: string
  /** The address as a QR code, which refers to nothing outside itself. */
  qrSvg: string
}

/**
 * Makes the secret for an authenticator app of this account. It is shown this once, and no login asks for it before a
 * code was shown (`activateTotp`). A secret that was made before and still waits is forgotten.
 * @throws {Refusal} `factor_already_set`.
 */
export async function beginTotp(deps: Reading, account: Account): Promise<TotpEnrolment> {
  const { settings } = deps
  const secret = makeTotpSecret()
  const sealed = await sealTotpSecret(settings.secrets, account.id, secret)
  const put = await putPendingTotpStatement(deps.db, { userId: account.id, ...sealed, createdAt: deps.now() })
  if (put.length === 0) throw new Refusal('factor_already_set')
  const otpauthUri = toOtpauthUri({ secret, issuer: settings.brand.productName, account: account.email })
  return { secret, otpauthUri, qrSvg: renderSVG(otpauthUri, { border: QUIET_ZONE }) }
}

/**
 * Activates the authenticator app with a first code, which proves that the app has the secret. The session has then
 * shown the factor. It answers the recovery codes of an account that has no other factor, and null for any other.
 * @throws {Refusal} `not_found` where no secret waits; `invalid_code`.
 */
export async function activateTotp(deps: ChangingFactors, caller: Caller, code: string): Promise<string[] | null> {
  const { db } = deps
  const { account } = caller
  const at = deps.now()
  const waiting = await findTotpSecret(db, account.id)
  if (
    waiting === null ||
    waiting.activatedAt !== null ||
    !isRecent({ at: waiting.createdAt, now: at }, TOTP_ENROLMENT_TTL_SECONDS * 1000)
  )
    throw new Refusal('not_found', { reason: 'no secret waits' })
  const step = await findUnusedStep(deps, waiting, code)
  if (step === null) throw new Refusal('invalid_code', { reason: 'wrong code' })
  const when = whenTotpIsPending(waiting)
  const first = await makeFirstCodes(deps, account, { at, when })
  const change = factorChange(deps, caller, { change: 'added', method: 'totp', shown: ['otp'], at, when })
  const { codes, activated } = await inOneBatch(db, {
    codes: first === null ? null : first.statement,
    ...change.statements,
    activated: activateTotpStatement(db, waiting, { step, at }),
  })
  if (activated.length === 0) throw new Refusal('invalid_code', { reason: 'changed at the same moment' })
  await change.finish(null)
  return first && codes && codes.length > 0 ? first.codes : null
}

/**
 * Removes the authenticator app from the caller's account. A role may require that one strong factor stays.
 * @throws {Refusal} `not_found`, `last_strong_factor`.
 */
export async function removeTotp(deps: ChangingFactors, caller: Caller): Promise<void> {
  const { db } = deps
  const { id, factors } = caller.account
  const when = whenAll([whenTotpIsSet(id), whenStrongFactorMayGo(id)])
  const change = factorChange(deps, caller, {
    change: 'removed',
    method: 'totp',
    at: deps.now(),
    when,
  })
  const { ended, removed } = await inOneBatch(db, {
    ...change.statements,
    removed: deleteTotpStatement(db, id, when),
    codes: dropUselessCodesStatement(db, id),
  })
  if (removed.meta.changes === 0) throw new Refusal(factors.totp ? 'last_strong_factor' : 'not_found')
  await change.finish(ended)
}
