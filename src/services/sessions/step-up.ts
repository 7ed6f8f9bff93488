import type { StepUpRequest } from '../../contracts/login.ts'
import { Refusal } from '../../errors.ts'
import type { Mailing, Reading, Signing, TryingPasswords } from '../../platform/platform.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement, whenRecorded } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenAll, whenAsProven, whenSessionIsOf } from '../../storage/conditions.ts'
import { findOwnGrantStatement } from '../../storage/sessions/grants.ts'
import { renewSessionStatement } from '../../storage/sessions/sessions.ts'
import { tryFactor } from '../factors/attempt.ts'
import type { ProvenFactor } from '../factors/factor.ts'
import { countStepUpGuess, mailStepUpCode } from '../factors/mailed-code.ts'
import { findStepUpFactor, hasStrongFactor, stepUpMethodsOf } from '../factors/registry.ts'
import { stopRemovalStatements } from '../factors/stop-removal.ts'
import { newId } from '../identifiers.ts'
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

/** What was shown. A password can be shown again, so nothing of it is used up. */
type Proof = Pick<ProvenFactor, 'methods'> & Partial<ProvenFactor>

async function prove(deps: Needs, caller: CallerWithCredentials, input: StepUpRequest): Promise<Proof> {
  if (input.method === 'password') {
    await provePassword(deps, caller, input.password, 'step_up')
    return { methods: ['pwd'] }
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
  { methods, whenUnused, use }: Proof,
): Promise<IssuedTokens> {
  const { db, requester } = deps
  const at = deps.now()
  const renewed = renewedBy(session, { methods, at, isStrong: hasStrongFactor(account) })
  const whenGood = whenAll([whenSessionIsOf(session), whenAsProven(account), ...(whenUnused ? [whenUnused] : [])])
  const id = newId()
  const whenRenewed = whenRecorded(id)
  const details = { methods, sessionId: session.id }
  const event = { id, type: 'step_up.succeeded', at, ...bySelf(account), details } as const
  const used = use?.(whenRenewed) ?? { statements: [], mails: [] }
  const answers = await inOneBatch(db, {
    audit: auditStatement(db, event, requester, whenGood),
    renewed: renewSessionStatement(db, session, renewed, whenRenewed),
    used: used.statements,
    removal:
      renewed.strongAuthenticatedAt === null
        ? null
        : stopRemovalStatements(deps, account, { why: 'strong login', when: whenRenewed }),
    grants: findOwnGrantStatement(db, session.id),
  })
  const [grant] = answers.grants
  if (!grant) throw new Refusal('unauthenticated', { reason: 'session ended during step-up' })
  if (answers.renewed.length === 0)
    throw new Refusal(use ? 'invalid_code' : 'unauthenticated', {
      reason: 'account changed during step-up, or the factor was used at the same moment',
    })
  await deps.announceMails(used.mails)
  return await issueTokens({ ...deps, now: () => at }, account, { ...session, ...renewed }, grant)
}
