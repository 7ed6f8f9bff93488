import { Refusal } from '../../errors.ts'
import type { Platform, Reading, Recording } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { findCredentialsForLogin } from '../../storage/accounts/credentials.ts'
import { byStranger } from '../../storage/actors.ts'
import { hasStrongFactor } from '../factors/registry.ts'
import { parseIdentifier } from '../identifiers.ts'
import { tryPassword } from '../passwords/attempt.ts'
import { toFloorMs } from '../passwords/floor.ts'
import { type NewLogin, type OpenedSession, type OpeningNeeds, openSession } from '../sessions/opening.ts'
import { isTrusted } from '../sessions/remembered-devices.ts'
import { readDevice } from './device.ts'
import { findLoginBar, recordRefusal, refuseLogin } from './refusal.ts'
import { issueTicket, type MfaTicket } from './ticket.ts'

/**
 * What a login brings along besides its proof: the token that names its device, and the session cookies that it
 * overwrites.
 */
export interface LoginExtras {
  deviceToken: string | null
  replaces: NewLogin['replaces']
}

/**
 * A login together with the function that counts it against the budget of the client's address. The function does
 * nothing where the route has counted the login already.
 */
export type CountedLogin = LoginExtras & { countStranger: () => Promise<void> }

export type LoginResult = { session: OpenedSession } | { mfa: MfaTicket }

type Needs = OpeningNeeds & Pick<Platform, 'loginThrottle'>

/**
 * Logs in by password. A name that nobody has costs the same at each step as a wrong password, and so does the right
 * password of an account that may not log in.
 * @throws {Refusal} `invalid_credentials`; `login_throttled`; `rate_limited`; `account_deactivated` only after the
 * right password of a confirmed account.
 */
export async function logInWithPassword(
  deps: Needs,
  input: { identifier: string; password: string } & CountedLogin,
): Promise<LoginResult> {
  const identifier = parseIdentifier(input.identifier)
  const { owner, dearestHash } = await findCredentialsForLogin(deps.db, identifier)
  const account = owner?.account ?? null
  const deviceId = account && readDevice(deps, account.id, input.deviceToken)
  if (deviceId === null) await input.countStranger()
  const attempted = await tryPassword(deps, {
    password: input.password,
    owner,
    identifier,
    deviceId,
    floorMs: toFloorMs(dearestHash),
    bar: owner && findLoginBar(deps, owner),
    event: { occasion: 'login', ...byStranger(account) },
  })
  if (!attempted.isRight || account === null)
    return await refuseLogin(deps, account, attempted.isRight ? null : attempted.bar)
  await refuseUnfit(deps, account)
  const { rehash } = attempted
  return await completeLogin(deps, account, { methods: ['pwd'], deviceId, replaces: input.replaces, rehash })
}

/**
 * Opens the session, or asks for the second factor where the account has one. A device that did a second factor not
 * long ago, and was to be remembered, is not asked; its session says that none was shown.
 * @throws {Refusal} `invalid_credentials` when the account was deactivated, or what opens it changed, after it was
 * read.
 */
export async function completeLogin(deps: OpeningNeeds, account: Account, login: NewLogin): Promise<LoginResult> {
  if (!hasStrongFactor(account)) return { session: await openSession(deps, account, login) }
  if (await isTrusted(deps, account.id, login.deviceId))
    return { session: await openSession(deps, account, { ...login, needsTrust: true }) }
  return { mfa: await issueTicket(deps, account, login) }
}

/**
 * Refuses an account that may not sign in, however its owner has proven themselves. The refusal tells why, so it is
 * only for somebody who has proven to own the account.
 * @throws {Refusal} `account_deactivated`, `email_not_verified`.
 */
export async function refuseUnfit(deps: Reading & Recording, account: Account): Promise<void> {
  const isUnverified = account.emailVerifiedAt === null && deps.settings.requireEmailVerification
  const code = account.status !== 'active' ? 'account_deactivated' : isUnverified ? 'email_not_verified' : null
  if (code === null) return
  await recordRefusal(deps, account, { type: 'login.failed', details: { reason: code } })
  throw new Refusal(code)
}

type RefusedType = 'login.failed' | 'identity.link_failed'

/** Tries something. If it is refused, the audit trail records that with the code as the reason. */
export async function noteRefusals<Value>(
  deps: Recording,
  attempt: { type: RefusedType; account: Pick<Account, 'id'> | null; provider: string },
  tryIt: () => Promise<Value>,
): Promise<Value> {
  try {
    return await tryIt()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { type, account, provider } = attempt
    await recordRefusal(deps, account, { type, details: { provider, reason: error.code } })
    throw error
  }
}
