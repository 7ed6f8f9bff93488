import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import { makeCode, makeToken } from '../../src/crypto/derived-token.ts'
import { hashPassword } from '../../src/crypto/password-hash/own-hash.ts'
import { makeTotpSecret } from '../../src/crypto/totp.ts'
import { sealTotpSecret } from '../../src/crypto/totp-seals.ts'
import { parseEmailAddress } from '../../src/domain/email-address.ts'
import type { Permission } from '../../src/domain/permissions.ts'
import { parseSettings } from '../../src/env.ts'
import { SYSTEM } from '../../src/platform/requester.ts'
import { newId } from '../../src/services/identifiers.ts'
import { openSession } from '../../src/services/sessions/opening.ts'
import { NO_SESSION_COOKIES } from '../../src/services/sessions/replaced.ts'
import { nameColumns } from '../../src/storage/accounts/accounts.ts'
import { findCredentials } from '../../src/storage/accounts/credentials.ts'
import { bySelf, byStranger } from '../../src/storage/actors.ts'
import { auditStatement } from '../../src/storage/audit.ts'
import { inOneBatch } from '../../src/storage/batch.ts'
import type { OneTimeTokenPurpose } from '../../src/storage/one-time-tokens.ts'
import { grantRoleStatement } from '../../src/storage/roles.ts'
import { users } from '../../src/storage/schema/index.ts'
import { cookieHeader, cookiesOf } from './answers.ts'
import { bearer, newEmail, PASSWORD, post, send } from './client.ts'
import { rows } from './database.ts'
import { noteSecrets } from './log-leaks.ts'
import { jobPlatform } from './outbox.ts'
import { queryOne } from './stored-state.ts'

export const settings = parseSettings({ ...env })

/** Reads the row of the newest token of an address. */
async function newestToken(email: string, purpose: OneTimeTokenPurpose) {
  const [row] = await rows(
    `select t.id, t.salt from one_time_tokens t join users u on u.id = t.user_id
      where (u.email = ?1 or t.email = ?1) and t.purpose = ?2 order by t.created_at desc, t.rowid desc limit 1`,
    email,
    purpose,
  )
  if (!row) throw new Error(`no ${purpose} token`)
  return { purpose, id: String(row.id), generation: 0, salt: String(row.salt) }
}

/**
 * Derives the token of the newest mail of this kind as the delivery derives it, so that a test need not wait for the
 * mail.
 */
export async function mailedToken(email: string, purpose: OneTimeTokenPurpose): Promise<string> {
  return makeToken(settings.secrets, await newestToken(email, purpose))
}

/** Derives the code of that same mail. */
export async function mailedCode(email: string, purpose: OneTimeTokenPurpose): Promise<string> {
  return makeCode(settings.secrets, await newestToken(email, purpose))
}

/** Answers eight digits that are not the given code. */
export const wrongFor = (code: string): string => (code === '00000000' ? '00000001' : '00000000')

interface AccountInput {
  email?: string
  password?: string
  username?: string
  name?: string
}

/** Registers an account, which then waits for its verification. */
export async function registered(account: AccountInput = {}) {
  const { email = newEmail(), password = PASSWORD } = account
  const response = await post('/auth/register', { ...account, email, password })
  if (response.status !== 202) throw new Error(`register: ${response.status} ${await response.text()}`)
  const { id } = await queryOne('select id from users where email = ?', email)
  return { id: String(id), email, password }
}

/** Keeps the hash of each password, because making a hash takes as long as everything else about an account. */
const hashes = new Map<string, string>()

function hashOnce(password: string): string {
  const hash = hashes.get(password) ?? hashPassword(password)
  hashes.set(password, hash)
  return hash
}

/** Inserts a verified account as registration and verification leave it, but without their mails. */
export async function verified(account: AccountInput = {}) {
  const { email = newEmail(), password = PASSWORD, username = null, name = null } = account
  noteSecrets({ password })
  const { db } = jobPlatform()
  const id = newId()
  const now = Date.now()
  await inOneBatch(db, {
    account: db.insert(users).values({
      id,
      email: parseEmailAddress(email) ?? email,
      emailVerifiedAt: now,
      accessProvenAt: now,
      username,
      ...nameColumns(name),
      passwordHash: hashOnce(password),
      passwordChangedAt: now,
      createdAt: now,
    }),
    role: grantRoleStatement(db, { userId: id, role: 'user' }, sql`true`),
    registered: auditStatement(db, { type: 'user.registered', at: now, ...byStranger({ id }) }, SYSTEM),
    verified: auditStatement(db, { type: 'email.verified', at: now, ...bySelf({ id }) }, SYSTEM),
  })
  return { id, email, password }
}

/** Inserts a verified account and opens a session for it, as a login by password does. */
export async function signedIn(account: AccountInput = {}) {
  const created = await verified(account)
  const platform = jobPlatform()
  const named = await findCredentials(platform.db, { email: parseEmailAddress(created.email) ?? created.email })
  if (named === null) throw new Error('no such account')
  const found = named.account
  const login = { methods: ['pwd'], deviceId: null, replaces: NO_SESSION_COOKIES }
  const { session, tokens, deviceToken } = await openSession(platform, found, login)
  return {
    ...created,
    user: { id: found.id, email: found.email, roles: found.roles },
    session: { id: session.id, deviceToken },
    tokens,
  }
}

/** Registers and verifies an account as a person does, for tests of what these steps leave behind. */
export async function signedUp(account: AccountInput = {}) {
  const created = await registered(account)
  const response = await post('/auth/verify-email', { token: await mailedToken(created.email, 'verify_email') })
  if (response.status !== 200) throw new Error(`verify: ${response.status} ${await response.text()}`)
  return created
}

/** A browser sends this header with a request that a page of our own origin makes. */
export const SAME_ORIGIN = { 'Sec-Fetch-Site': 'same-origin' }

/** Inserts a verified account and logs it in by cookies. */
export async function signedInByCookie(account: AccountInput = {}) {
  const created = await verified(account)
  const response = await post('/auth/login', {
    identifier: created.email,
    password: created.password,
    delivery: 'cookie',
  })
  return { ...created, cookies: cookiesOf(response), cookie: cookieHeader(response) }
}

export async function canLogIn(identifier: string, password: string): Promise<boolean> {
  const { status } = await post('/auth/login', { identifier, password })
  return status === 200
}

/**
 * Gives an account an authenticator app, so that its logins ask for a second factor. It answers the secret, by which
 * `totpCode` shows what the app shows.
 */
export async function giveSecondFactor(userId: string): Promise<string> {
  const secret = makeTotpSecret()
  const { seals, sealedFor } = await sealTotpSecret(settings.secrets, userId, secret)
  await rows(
    'insert into totp_secrets (user_id, seals, sealed_for, created_at, activated_at) values (?, ?, ?, ?, ?)',
    userId,
    seals,
    sealedFor,
    Date.now(),
    Date.now(),
  )
  noteSecrets({ secret })
  return secret
}

export async function deactivate(userId: string): Promise<void> {
  await rows("update users set status = 'deactivated' where id = ?", userId)
}

/**
 * Signs in an administrator, or somebody who has one role that gives just these permissions. `send` asks a route in
 * their name.
 */
export async function administrator(permissions?: readonly Permission[]) {
  const person = await signedIn()
  let role = 'admin'
  if (permissions) {
    role = `role-${crypto.randomUUID().slice(0, 8)}`
    await rows("insert into roles (name, description) values (?, 'Made for a test.')", role)
    for (const name of permissions)
      await rows('insert into role_permissions (role, permission) values (?, ?)', role, name)
  }
  await rows('insert into user_roles (user_id, role) values (?, ?)', person.id, role)
  const headers = bearer(person.tokens.accessToken)
  const ask = (method: string, path: string, body?: unknown) =>
    send(method, path, body === undefined ? { headers } : { body, headers })
  return { ...person, role, send: ask }
}
