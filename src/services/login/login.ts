import { MFA_TICKET_TTL_SECONDS } from '../../config.ts'
import type { MfaMethod } from '../../contracts/login.ts'
import { makeToken } from '../../crypto/derived-token.ts'
import { readDeviceAccount, verifyDeviceToken } from '../../crypto/device-token.ts'
import { Refusal } from '../../errors.ts'
import type { Platform, Reading, Recording } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { findCredentials, rehashPasswordStatement } from '../../storage/accounts/credentials.ts'
import { byStranger } from '../../storage/actors.ts'
import { type AuditType, auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenTokenExists } from '../../storage/conditions.ts'
import { issueTokenStatement } from '../../storage/one-time-tokens.ts'
import { secondFactorsOf } from '../factors/registry.ts'
import { newOneTimeToken, parseIdentifier } from '../identifiers.ts'
import { tryPassword } from '../passwords/attempt.ts'
import { type NewLogin, type OpenedSession, type OpeningNeeds, openSession } from '../sessions/opening.ts'
import { findLoginBar, refuseLogin, toCredentialsRefusal } from './refusal.ts'

export interface MfaTicket {
  ticket: string
  expiresIn: number
  methods: MfaMethod[]
}

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
  const owner = await findCredentials(deps.db, identifier)
  const account = owner?.account ?? null
  const deviceId = account && readDevice(deps, account.id, input.deviceToken)
  if (deviceId === null) await input.countStranger()
  const attempted = await tryPassword(deps, {
    password: input.password,
    owner,
    identifier,
    deviceId,
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
 * Opens the session, or asks for the second factor where the account has one.
 * @throws {Refusal} `invalid_credentials` when the account was deactivated, or its password changed, after it was read.
 */
export async function completeLogin(deps: OpeningNeeds, account: Account, login: NewLogin): Promise<LoginResult> {
  const methods = secondFactorsOf(deps, account)
  if (methods.length === 0) return { session: await openSession(deps, account, login) }
  const { db, settings } = deps
  const now = deps.now()
  const token = newOneTimeToken(now, MFA_TICKET_TTL_SECONDS)
  const { issued } = await inOneBatch(db, {
    issued: issueTokenStatement(
      db,
      { ...token, purpose: 'mfa_ticket', methods: login.methods },
      { id: account.id, asProven: account },
    ),
    audit: auditStatement(
      db,
      { type: 'login.mfa_required', at: now, ...byStranger(account) },
      deps.requester,
      whenTokenExists(token.id),
    ),
    rehash: login.rehash ? rehashPasswordStatement(db, account.id, login.rehash) : null,
  })
  if (issued.meta.changes === 0) throw toCredentialsRefusal('account changed during login')
  const ticket = makeToken(settings.secrets, { purpose: 'mfa_ticket', id: token.id, generation: 0, salt: token.salt })
  return { mfa: { ticket, expiresIn: MFA_TICKET_TTL_SECONDS, methods } }
}

/**
 * Reads the id of the device that a token names, if this service made the token for this account; any other text gives
 * null.
 */
export function readDevice(
  deps: Pick<Platform, 'settings' | 'now'>,
  userId: string,
  deviceToken: string | null,
): string | null {
  return deviceToken === null ? null : verifyDeviceToken(deps.settings.secrets, userId, deviceToken, deps.now())
}

/**
 * Reads the keyed name by which a device token refers to its account without revealing it; any text that is no device
 * token of this service gives null.
 */
export function nameDeviceAccount(deps: Pick<Platform, 'settings' | 'now'>, deviceToken: string | null): string | null {
  return deviceToken === null ? null : readDeviceAccount(deps.settings.secrets, deviceToken, deps.now())
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
  await recordRefusal(deps, 'login.failed', account, { reason: code })
  throw new Refusal(code)
}

/** Records in the audit trail that something was refused to somebody who has not proven who they are. */
export async function recordRefusal(
  deps: Recording,
  type: AuditType,
  account: Pick<Account, 'id'> | null,
  details: Record<string, unknown>,
): Promise<void> {
  await auditStatement(deps.db, { type, at: deps.now(), ...byStranger(account), details }, deps.requester)
}

/** Tries something. If it is refused, the audit trail records that with the code as the reason. */
export async function noteRefusals<Value>(
  deps: Recording,
  attempt: { type: AuditType; account: Pick<Account, 'id'> | null; provider: string },
  tryIt: () => Promise<Value>,
): Promise<Value> {
  try {
    return await tryIt()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { type, account, provider } = attempt
    await recordRefusal(deps, type, account, { provider, reason: error.code })
    throw error
  }
}
