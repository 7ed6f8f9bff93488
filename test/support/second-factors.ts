import { hashTogether } from '../../src/crypto/password-hash/own-hash.ts'
import { makeRecoveryCode, readRecoveryCode } from '../../src/crypto/recovery-code.ts'
import { issueTicket } from '../../src/services/login/ticket.ts'
import { openSession } from '../../src/services/sessions/opening.ts'
import { NO_SESSION_COOKIES } from '../../src/services/sessions/replaced.ts'
import type { Account } from '../../src/storage/accounts/accounts.ts'
import { findCredentials } from '../../src/storage/accounts/credentials.ts'
import { giveSecondFactor, verified } from './accounts.ts'
import { PASSWORD, post } from './client.ts'
import { rows } from './database.ts'
import { noteSecrets } from './log-leaks.ts'
import { jobPlatform } from './outbox.ts'

/** Gives an account an authenticator app whose secret nobody knows, and recovery codes that stand in for it. */
export async function giveFactors(userId: string, count = 3): Promise<string[]> {
  await giveSecondFactor(userId)
  const codes = Array.from({ length: count }, makeRecoveryCode)
  noteSecrets(codes)
  for (const hash of hashTogether(codes.map((code) => readRecoveryCode(code) ?? code)))
    await rows('insert into recovery_codes (user_id, hash, created_at) values (?, ?, ?)', userId, hash, Date.now())
  return codes
}

/** Gives an account a passkey whose private key nobody has. */
export async function givePasskey(userId: string): Promise<void> {
  await rows(
    `insert into passkeys (id, user_id, credential_id, public_key, counter, transports, aaguid, name,
      opens_alone, is_backup_eligible, is_backed_up, created_at) values (?1, ?1, ?1, '', 0, '[]', '', 'Key', 1, 0, 0, 1)`,
    userId,
  )
}

async function accountOf({ email }: { email: string }): Promise<Account> {
  const named = await findCredentials(jobPlatform().db, { email })
  if (named === null) throw new Error('no such account')
  return named.account
}

/** Opens a session by these methods, as a login does. */
export async function openSessionOf(owner: { email: string }, methods: string[]) {
  const login = { methods, deviceId: null, replaces: NO_SESSION_COOKIES }
  return await openSession(jobPlatform(), await accountOf(owner), login)
}

/**
 * Issues the ticket of a login that waits, as the right password does. No password is hashed for it, for tests that
 * need a hundred of them.
 */
export async function ticketOf(owner: { email: string }): Promise<string> {
  const login = { methods: ['pwd'], deviceId: null, replaces: NO_SESSION_COOKIES }
  return (await issueTicket(jobPlatform(), await accountOf(owner), login)).ticket
}

/** Inserts a verified account with a second factor, and opens a session in which it was shown. */
export async function stronglySignedIn(input: Parameters<typeof verified>[0] = {}) {
  const account = await verified(input)
  const codes = await giveFactors(account.id)
  const { session, tokens, deviceToken } = await openSessionOf(account, ['pwd', 'otp', 'mfa'])
  return { ...account, codes, session, tokens, deviceToken }
}

/** Makes a session's login older than ten minutes. */
export async function letLoginGrowOld(sessionId: string, seconds = 601): Promise<void> {
  await rows(
    `update sessions set authenticated_at = authenticated_at - ?1,
      strong_authenticated_at = strong_authenticated_at - ?1 where id = ?2`,
    seconds * 1000,
    sessionId,
  )
}

/** Creates a role that requires a strong factor, and gives it to a user. */
export async function requireFactorOf(userId: string, role = 'guarded'): Promise<void> {
  await rows("insert or ignore into roles (name, description, mfa_required) values (?, 'Guarded', true)", role)
  await rows("insert or ignore into role_permissions (role, permission) values (?, 'audit:read')", role)
  await rows('insert into user_roles (user_id, role) values (?, ?)', userId, role)
}

/** Begins a login of an account with a second factor, and answers its ticket. */
export async function beginLogin(
  identifier: string,
  headers: Record<string, string> = {},
  password = PASSWORD,
): Promise<string> {
  const response = await post('/auth/login', { identifier, password }, headers)
  const answer = (await response.json()) as { status: string; ticket: string }
  if (answer.status !== 'mfa_required') throw new Error(`login: ${response.status} ${JSON.stringify(answer)}`)
  return answer.ticket
}
