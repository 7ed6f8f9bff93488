import { CODE_GUESSES, STEP_UP_CODE_TTL_SECONDS } from '../../config.ts'
import type { MfaMethod, StepUpRequest } from '../../contracts/login.ts'
import { Refusal } from '../../errors.ts'
import type { Mailing, Signing, TryingPasswords } from '../../platform/platform.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenAll, whenAsProven, whenSessionIsOf, whenTokenExists } from '../../storage/conditions.ts'
import { mailTokenStatements } from '../../storage/mail.ts'
import {
  consumeTokenStatement,
  countGuess,
  issueTokenStatement,
  type OneTimeToken,
} from '../../storage/one-time-tokens.ts'
import { findOwnGrantStatement } from '../../storage/sessions/grants.ts'
import { renewSessionStatement } from '../../storage/sessions/sessions.ts'
import { tryFactor } from '../factors/attempt.ts'
import { factorBy, hasStrongFactor, stepUpMethodsOf } from '../factors/registry.ts'
import { newId, newOneTimeToken } from '../identifiers.ts'
import { readDevice } from '../login/device.ts'
import { provePassword } from '../passwords/proof.ts'
import type { Caller, CallerWithCredentials } from './authentication.ts'
import { SECOND_FACTOR_SHOWN } from './opening.ts'
import { toStepUpRefusal } from './standing.ts'
import { type IssuedTokens, issueTokens } from './tokens.ts'

type Needs = Signing & TryingPasswords & Mailing

/** What somebody has shown: the methods that it proves (RFC 8176), and the token of a mailed code. */
interface Shown {
  methods: readonly string[]
  token: OneTimeToken | null
}

/**
 * Mails a code that renews this session and no other.
 * @throws {Refusal} `step_up_required` where the account proves itself in another way, which it names.
 */
export async function sendStepUpCode(deps: Mailing, { account, session }: Caller): Promise<void> {
  if (!stepUpMethodsOf(account).includes('email')) throw toStepUpRefusal(account)
  const { db, requester } = deps
  const at = deps.now()
  const token = newOneTimeToken(at, STEP_UP_CODE_TTL_SECONDS)
  const mail = { id: newId(), kind: 'one_time_code', locale: requester.locale, createdAt: at } as const
  await inOneBatch(db, {
    token: issueTokenStatement(
      db,
      { ...token, purpose: 'step_up', boundTo: session.id },
      { id: account.id, asProven: account },
    ),
    mail: mailTokenStatements(db, { ...mail, tokenId: token.id }),
    audit: auditStatement(db, { type: 'step_up.code_requested', at, ...bySelf(account) }, requester),
  })
  await deps.announceMails([mail.id])
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
  if (!stepUpMethodsOf(account).includes(input.method)) throw toStepUpRefusal(account)
  return await renewSession(deps, { account, session }, await prove(deps, caller, input))
}

async function prove(deps: Needs, caller: CallerWithCredentials, input: StepUpRequest): Promise<Shown> {
  if (input.method !== 'password') return await proveFactor(deps, caller, input)
  await provePassword(deps, caller, input.password, 'step_up')
  return { methods: ['pwd'], token: null }
}

async function proveFactor(
  deps: Needs,
  { account, session, deviceToken }: Caller,
  { method, ...proof }: Exclude<StepUpRequest, { method: 'password' }>,
): Promise<Shown> {
  const token = method === 'email' ? await countCodeGuess(deps, session) : null
  const factor = factorBy(method) ?? refuseMethod(method)
  const deviceId = readDevice(deps, account.id, deviceToken)
  const methods = await tryFactor(deps, factor, { account, token, proof }, { deviceId, occasion: 'step_up' })
  return { methods, token }
}

/** Counts a guess at the newest code that was mailed for a session; null where none is live. */
async function countCodeGuess(
  { db, now }: Pick<Needs, 'db' | 'now'>,
  session: Caller['session'],
): Promise<OneTimeToken | null> {
  const [found] = await countGuess(db, { session, purpose: 'step_up', at: now() }, CODE_GUESSES)
  return found?.token ?? null
}

async function renewSession(
  deps: Needs,
  { account, session }: Pick<Caller, 'account' | 'session'>,
  { methods, token }: Shown,
): Promise<IssuedTokens> {
  const { db, requester } = deps
  const at = deps.now()
  const renewed = renewedBy(session, { methods, at, isStrong: hasStrongFactor(account) })
  const whenGood = whenAll(whenSessionIsOf(session), whenAsProven(account), token && whenTokenExists(token.id))
  const details = { methods, sessionId: session.id }
  const answers = await inOneBatch(db, {
    audit: auditStatement(db, { type: 'step_up.succeeded', at, ...bySelf(account), details }, requester, whenGood),
    renewed: renewSessionStatement(db, session, renewed, whenGood),
    consumed: token && consumeTokenStatement(db, token.id),
    grants: findOwnGrantStatement(db, session.id),
  })
  const [grant] = answers.grants
  if (!grant) throw new Refusal('unauthenticated', { reason: 'session ended' })
  if (answers.renewed.length === 0)
    throw new Refusal(token ? 'invalid_code' : 'unauthenticated', { reason: 'used or changed at the same moment' })
  return await issueTokens({ ...deps, now: () => at }, account, { ...session, ...renewed }, grant)
}

/** Says of a session what was shown in it, now and before. The methods of a strong login stay only with a strong one. */
function renewedBy(
  session: Pick<Caller['session'], 'methods'>,
  { methods, at, isStrong }: { methods: readonly string[]; at: number; isStrong: boolean },
) {
  const before = session.methods.filter((method) => method !== SECOND_FACTOR_SHOWN)
  const all = [...before, ...methods, ...(isStrong ? [SECOND_FACTOR_SHOWN] : [])]
  return { methods: [...new Set(all)], authenticatedAt: at, strongAuthenticatedAt: isStrong ? at : null }
}

function refuseMethod(method: MfaMethod): never {
  throw new Refusal('invalid_code', { reason: `no factor ${method}` })
}
