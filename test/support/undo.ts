import { makeToken } from '../../src/crypto/derived-token.ts'
import type { MailKind } from '../../src/mail/message.ts'
import { factorChange } from '../../src/services/factors/changes.ts'
import { newId } from '../../src/services/identifiers.ts'
import { findCredentials } from '../../src/storage/accounts/credentials.ts'
import { inOneBatch } from '../../src/storage/batch.ts'
import { whenUserExists } from '../../src/storage/conditions.ts'
import { passkeys, totpSecrets } from '../../src/storage/schema/index.ts'
import { settings } from './accounts.ts'
import { post } from './client.ts'
import { rows } from './database.ts'
import { jobPlatform } from './outbox.ts'

/** Derives the token in the link of a notice of a kind to an address; null where the notice has no link. */
export async function undoTokenOf(
  email: string,
  kind: MailKind,
  which: 'first' | 'newest' = 'newest',
): Promise<string | null> {
  const order = which === 'newest' ? 'desc' : 'asc'
  const [notice] = await rows(
    `select t.id, t.salt from outbox o left join one_time_tokens t on t.id = o.token_id
      where o.recipient = ? and o.kind = ? order by o.created_at ${order}, o.rowid ${order} limit 1`,
    email,
    kind,
  )
  if (!notice) throw new Error(`no notice of ${kind} to ${email}`)
  if (notice.id === null) return null
  const subject = { purpose: 'not_me', id: String(notice.id), generation: 0, salt: String(notice.salt) } as const
  return makeToken(settings.secrets, subject)
}

/** Presses "This was not me" in a notice. */
export const pressNotMe = (token: string | null) => post('/auth/not-me', { token: token ?? 'no link' })

const platform = jobPlatform
type Session = Parameters<typeof factorChange>[1]['session']

async function callerOf(email: string): Promise<Parameters<typeof factorChange>[1]> {
  const found = await findCredentials(platform().db, { email })
  if (!found) throw new Error('no such account')
  return { account: found.account, session: { id: '' } as Session }
}

/** Makes every session of a user one that has just shown a strong factor. */
export const showFactor = (userId: string) =>
  rows('update sessions set authenticated_at = ?1, strong_authenticated_at = ?1 where user_id = ?2', Date.now(), userId)

/** Adds a passkey to an account as the route that registers one does, with its audit row and its notice. */
export async function addPasskey(email: string): Promise<string> {
  const { db, now } = platform()
  const caller = await callerOf(email)
  const at = now()
  const id = newId()
  const change = factorChange(platform(), caller, {
    ...{ change: 'added', method: 'passkey', passkey: { id, name: 'Phone' }, at },
    when: whenUserExists(caller.account.id),
  })
  const { ended } = await inOneBatch(db, {
    passkey: db.insert(passkeys).values({
      ...{ id, userId: caller.account.id, credentialId: id, publicKey: 'key', counter: 7, transports: ['internal'] },
      ...{ aaguid: '', name: 'Phone', isBackupEligible: true, isBackedUp: false, opensAlone: true, createdAt: at },
    }),
    ...change.statements,
  })
  await change.finish(ended)
  return id
}

/** Adds an authenticator app likewise. Its sealed secret is the given text, which opens nothing. */
export async function addTotp(email: string, seals: string): Promise<void> {
  const { db, now } = platform()
  const caller = await callerOf(email)
  const at = now()
  const change = factorChange(platform(), caller, {
    ...{ change: 'added', method: 'totp', at },
    when: whenUserExists(caller.account.id),
  })
  const { ended } = await inOneBatch(db, {
    totp: db.insert(totpSecrets).values({
      ...{ userId: caller.account.id, seals, sealedFor: 'v1', createdAt: at - 1000, activatedAt: at },
    }),
    ...change.statements,
  })
  await change.finish(ended)
}

/** Removes every factor of one table, as the route that removes one does. */
export async function removeFactor(email: string, method: 'totp' | 'passkey'): Promise<void> {
  const { db, now } = platform()
  const caller = await callerOf(email)
  const change = factorChange(platform(), caller, {
    ...{ change: 'removed', method, at: now() },
    when: whenUserExists(caller.account.id),
  })
  const { ended } = await inOneBatch(db, { ...change.statements })
  await rows(`delete from ${method === 'totp' ? 'totp_secrets' : 'passkeys'} where user_id = ?`, caller.account.id)
  await change.finish(ended)
}
