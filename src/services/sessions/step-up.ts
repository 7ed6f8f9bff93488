import type { StepUpRequest } from '../../contracts/login.ts'
import { Refusal } from '../../errors.ts'
import type { Mailing, Reading, Signing, TryingPasswords } from '../../platform/platform.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenAll, whenAsProven, whenSessionIsOf } from '../../storage/conditions.ts'
import { findOwnGrantStatement } from '../../storage/sessions/grants.ts'
import { renewSessionStatement } from '../../storage/sessions/sessions.ts'
import { tryFactor } from '../factors/attempt.ts'
import { countStepUpGuess, mailStepUpCode } from '../factors/mailed-code.ts'
import { findStepUpFactor, hasStrongFactor, stepUpMethodsOf } from '../factors/registry.ts'
import { stopRemovalStatements } from '../factors/stop-removal.ts'
import { readDevice } from '../login/device.ts'
import { provePassword } from '../passwords/proof.ts'
import type { Caller, CallerWithCredentials } from './authentication.ts'
import { renewedBy } from './renewal.ts'
import { toStepUpRefusal } from './standing.ts'
import { type IssuedTokens, issueTokens } from './tokens.ts'

type Needs = Signing & TryingPasswords & Mailing

/**
 * Mails a code that renews this session and no other.
 * @throws {Refusal} `step_up_required` where the account proves itself in another way, which it names.
 */
export async function sendStepUpCode(deps: Reading & Mailing, caller: Caller): Promise<void> {
  if (!stepUpMethodsOf(deps, caller.account).includes('email')) throw toStepUpRefusal(deps, caller.account)
  await mailStepUpCode(deps, caller)
}

/**
 * Lets somebody who is signed in prove once more who they are, and renews what their session says of that. Where the
 * account has a strong factor, only a factor counts: otherwise a session could say of one moment that it is recent and
 * of another that it is strong. The refresh token stays as it is, so that neither another tab nor a lost answer makes
 * it look stolen (docs/decisions/0021-step-up.md).
 * @throws {Refusal} `invalid_credentials`, `invalid_code`, `login_throttled`; `step_up_required` for a way that does
 * not count; `unauthenticated` when the session ended, or what opens the account changed, meanwhile.
 */
export async function stepUp(deps: Needs, caller: CallerWithCredentials, input: StepUpRequest): Promise<IssuedTokens> {
  const { account, session } = caller
  if (!stepUpMethodsOf(deps, account).includes(input.method)) throw toStepUpRefusal(deps, account)
  return await renewSession(deps, { account, session }, await prove(deps, caller, input))
}

/** Checks what was shown, and answers the methods that it proves (RFC 8176). */
async function prove(deps: Needs, caller: CallerWithCredentials, input: StepUpRequest): Promise<readonly string[]> {
  if (input.method === 'password') {
    await provePassword(deps, caller, input.password, 'step_up')
    return ['pwd']
  }
  const { account, session, deviceToken } = caller
  const { method, ...proof } = input
  const factor = findStepUpFactor(deps, account, method)
  if (factor === null) throw toStepUpRefusal(deps, account)
  const token = method === 'email' ? await countStepUpGuess(deps, session) : null
  const deviceId = readDevice(deps, account.id, deviceToken)
  return await tryFactor(deps, factor, { account, token, proof }, { deviceId, occasion: 'step_up' })
}

async function renewSession(
  deps: Needs,
  { account, session }: Pick<Caller, 'account' | 'session'>,
  methods: readonly string[],
): Promise<IssuedTokens> {
  const { db, requester } = deps
  const at = deps.now()
  const renewed = renewedBy(session, { methods, at, isStrong: hasStrongFactor(account) })
  const whenGood = whenAll([whenSessionIsOf(session), whenAsProven(account)])
  const details = { methods, sessionId: session.id }
  const answers = await inOneBatch(db, {
    audit: auditStatement(db, { type: 'step_up.succeeded', at, ...bySelf(account), details }, requester, whenGood),
    renewed: renewSessionStatement(db, session, renewed, whenGood),
    removal:
      renewed.strongAuthenticatedAt === null
        ? null
        : stopRemovalStatements(deps, account, { why: 'strong login', when: whenGood }),
    grants: findOwnGrantStatement(db, session.id),
  })
  const [grant] = answers.grants
  if (!grant || answers.renewed.length === 0)
    throw new Refusal('unauthenticated', { reason: 'session ended or account changed during step-up' })
  return await issueTokens({ ...deps, now: () => at }, account, { ...session, ...renewed }, grant)
}
