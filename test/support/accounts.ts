import { env } from 'cloudflare:workers'
import { makeCode, makeToken } from '../../src/crypto/derived-token.ts'
import { parseSettings } from '../../src/env.ts'
import type { OneTimeTokenPurpose } from '../../src/storage/one-time-tokens.ts'
import { cookieHeader, cookiesOf } from './answers.ts'
import { logIn, newEmail, PASSWORD, post } from './client.ts'
import { rows } from './database.ts'
import { queryOne } from './stored-state.ts'

export const settings = parseSettings({ ...env })

/** The row of the newest token of an address. */
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
 * The token that the newest mail of this kind holds, without the wait for the mail: derived as the delivery derives it.
 */
export async function mailedToken(email: string, purpose: OneTimeTokenPurpose): Promise<string> {
  return makeToken(settings.secrets, await newestToken(email, purpose))
}

/** The code of the same mail. */
export async function mailedCode(email: string, purpose: OneTimeTokenPurpose): Promise<string> {
  return makeCode(settings.secrets, await newestToken(email, purpose))
}

/** Eight digits that are not the code. */
export const wrongFor = (code: string): string => (code === '00000000' ? '00000001' : '00000000')

interface AccountInput {
  email?: string
  password?: string
  username?: string
  name?: string
}

/** A registered account that waits for its verification. */
export async function registered(account: AccountInput = {}) {
  const { email = newEmail(), password = PASSWORD } = account
  const response = await post('/auth/register', { ...account, email, password })
  if (response.status !== 202) throw new Error(`register: ${response.status} ${await response.text()}`)
  const { id } = await queryOne('select id from users where email = ?', email)
  return { id: String(id), email, password }
}

/** An account that is verified. */
export async function verified(account: AccountInput = {}) {
  const created = await registered(account)
  const response = await post('/auth/verify-email', { token: await mailedToken(created.email, 'verify_email') })
  if (response.status !== 200) throw new Error(`verify: ${response.status} ${await response.text()}`)
  return created
}

/** A verified account that is logged in. */
export async function signedIn(account: AccountInput = {}) {
  const created = await verified(account)
  return { ...created, ...(await logIn(created.email, created.password)) }
}

/** What a browser says of a request that a page of our own origin makes. */
export const SAME_ORIGIN = { 'Sec-Fetch-Site': 'same-origin' }

/** A verified account that is logged in by cookies. */
export async function signedInByCookie(account: AccountInput = {}) {
  const created = await verified(account)
  const response = await post('/auth/login', {
    identifier: created.email,
    password: created.password,
    delivery: 'cookie',
  })
  return { ...created, cookies: cookiesOf(response), cookie: cookieHeader(response) }
}

/** Whether a password logs in. */
export async function canLogIn(identifier: string, password: string): Promise<boolean> {
  const { status } = await post('/auth/login', { identifier, password })
  return status === 200
}

/** Gives an account a second factor, as activating one will do. */
export async function giveSecondFactor(userId: string): Promise<void> {
  await rows('update users set totp_activated_at = ? where id = ?', Date.now(), userId)
}

export async function deactivate(userId: string): Promise<void> {
  await rows("update users set status = 'deactivated' where id = ?", userId)
}
