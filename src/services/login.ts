import { MFA_TICKET_TTL_SECONDS } from '../config.ts'
import type { MfaMethod } from '../contracts/login.ts'
import { makeToken } from '../crypto/derived-token.ts'
import { readDeviceAccount, readDeviceToken } from '../crypto/device-token.ts'
import { AuthError } from '../errors.ts'
import type { Platform } from '../platform/compose.ts'
import { type Account, findAccountByIdentifier, rehashPasswordStatement } from '../storage/accounts.ts'
import { type AuditType, auditStatement } from '../storage/audit-events.ts'
import { issueTokenStatement } from '../storage/one-time-tokens.ts'
import { newOneTimeToken, parseIdentifier, throttleOf } from './identifiers.ts'
import { type OpenedSession, type OpeningNeeds, openSession } from './session-opening.ts'

export interface MfaTicket {
  ticket: string
  expiresIn: number
  methods: MfaMethod[]
}

export type LoginResult = { session: OpenedSession } | { mfa: MfaTicket }

type Needs = OpeningNeeds & Pick<Platform, 'loginThrottle'>

/**
 * Logs in by password. An unknown account costs the same as a wrong password, at each step.
 * @throws {AuthError} `invalid_credentials`; `login_throttled`; `rate_limited`; only after a right password `email_not_verified`, `account_deactivated`.
 */
export async function logInWithPassword(
  deps: Needs,
  input: {
    identifier: string
    password: string
    deviceToken: string | null
    /** Counts the login by its address, unless that was done. */
    countStranger: () => Promise<void>
  },
): Promise<LoginResult> {
  const identifier = parseIdentifier(input.identifier)
  const account = await findAccountByIdentifier(deps.db, identifier)
  const deviceId = account && readDevice(deps, account.id, input.deviceToken)
  if (deviceId === null) await input.countStranger()
  const attempt = await throttleOf(deps, account ?? identifier).attempt({
    password: input.password,
    hash: account?.passwordHash ?? null,
    deviceId,
  })
  if (attempt.outcome === 'throttled') {
    const { retryAfterSeconds } = attempt
    if (attempt.isFirst) await recordRefusal(deps, 'login.throttled', account, { retryAfterSeconds })
    throw new AuthError('login_throttled', { retryAfterSeconds })
  }
  if (attempt.outcome === 'wrong' || !account) {
    await recordRefusal(deps, 'login.failed', account, { reason: 'wrong password' })
    throw new AuthError('invalid_credentials', { reason: account ? 'wrong password' : 'unknown account' })
  }
  await refuseUnfit(deps, account)
  return await completeLogin(deps, account, { methods: ['pwd'], deviceId, rehash: attempt.rehash })
}

/** Opens the session, or asks for the second factor where the account has one. */
export async function completeLogin(
  deps: OpeningNeeds,
  account: Account,
  login: { methods: string[]; deviceId: string | null; rehash?: string | null },
): Promise<LoginResult> {
  const methods = secondFactorsOf(account)
  if (methods.length === 0) return { session: await openSession(deps, account, login) }
  const { db, settings } = deps
  const now = deps.now()
  const token = newOneTimeToken(now, MFA_TICKET_TTL_SECONDS)
  await db.batch([
    issueTokenStatement(db, { ...token, purpose: 'mfa_ticket', methods: login.methods }, { id: account.id }),
    auditStatement(db, { type: 'login.mfa_required', at: now, userId: account.id }, deps.client),
    ...(login.rehash && account.passwordHash
      ? [rehashPasswordStatement(db, account.id, account.passwordHash, login.rehash)]
      : []),
  ])
  const ticket = makeToken(settings.secrets, { purpose: 'mfa_ticket', id: token.id, generation: 0, salt: token.salt })
  return { mfa: { ticket, expiresIn: MFA_TICKET_TTL_SECONDS, methods } }
}

/** What can stand beside the password at this login; empty where the account has set no second factor. */
export function secondFactorsOf(account: Account): MfaMethod[] {
  return account.totpActivatedAt === null ? [] : ['email']
}

export function readDevice(
  deps: Pick<Platform, 'settings' | 'now'>,
  userId: string,
  deviceToken: string | null,
): string | null {
  return deviceToken === null ? null : readDeviceToken(deps.settings.secrets, userId, deviceToken, deps.now())
}

/** What a device token of our making calls its account, which stays unknown; null for any other text. */
export function nameDeviceAccount(deps: Pick<Platform, 'settings' | 'now'>, deviceToken: string | null): string | null {
  return deviceToken === null ? null : readDeviceAccount(deps.settings.secrets, deviceToken, deps.now())
}

/**
 * Refuses an account that may not sign in, whatever it was proven by. Only for somebody who has proven to own it.
 * @throws {AuthError} `account_deactivated`, `email_not_verified`.
 */
export async function refuseUnfit(
  deps: Pick<Platform, 'db' | 'now' | 'client' | 'settings'>,
  account: Account,
): Promise<void> {
  const isUnverified = account.emailVerifiedAt === null && deps.settings.requireEmailVerification
  const code = account.status !== 'active' ? 'account_deactivated' : isUnverified ? 'email_not_verified' : null
  if (code === null) return
  await recordRefusal(deps, 'login.failed', account, { reason: code })
  throw new AuthError(code)
}

export async function recordRefusal(
  deps: Pick<Platform, 'db' | 'now' | 'client'>,
  type: AuditType,
  account: Account | null,
  details: Record<string, unknown>,
): Promise<void> {
  await auditStatement(deps.db, { type, at: deps.now(), userId: account?.id ?? null, details }, deps.client)
}
