import { MAX_PASSKEYS_PER_USER } from '../../../config.ts'
import type { Passkey, PasskeyRegistration } from '../../../contracts/passkeys.ts'
import { Refusal } from '../../../errors.ts'
import type { EndingSessions, Mailing, Platform, Reading } from '../../../platform/platform.ts'
import { inOneBatch } from '../../../storage/batch.ts'
import { insertPasskeyStatement, type StoredPasskey, whenPasskeyExists } from '../../../storage/factors/passkeys.ts'
import { spendStateStatement, whenUnspent } from '../../../storage/spent-states.ts'
import { newId } from '../../identifiers.ts'
import { describeDevice } from '../../login/facts.ts'
import type { Caller } from '../../sessions/authentication.ts'
import { refuseTaken } from '../../taken.ts'
import { factorChange } from '../changes.ts'
import { makeFirstCodes } from '../recovery-code-sets.ts'
import { PASSKEY_METHODS } from './assertion.ts'
import { verifyAttestation } from './attestation.ts'
import { readChallenge } from './challenge.ts'
import { toBase64Url } from './client-data.ts'
import { nameProvider, toPasskey } from './management.ts'

interface Registration {
  ticket: string
  name?: string | undefined
  response: PasskeyRegistration
}

/**
 * Registers a passkey for the caller, and tells the owner by mail. An account that had no factor gets its recovery
 * codes with it.
 * @throws {Refusal} `invalid_registration`, whatever is wrong; `passkey_exists`; `passkey_limit`.
 */
export async function registerPasskey(
  deps: Reading & Mailing & EndingSessions & Pick<Platform, 'loginThrottle'>,
  caller: Caller,
  input: Registration,
): Promise<{ passkey: Passkey; recoveryCodes?: string[] }> {
  const { db, requester } = deps
  const { account, session } = caller
  const challenge = readChallenge(deps, input.ticket, ['passkey_registration'])
  if (challenge?.boundTo.id !== account.id) throw refuse('ticket')
  const verified = await verifyAttestation(deps, { challenge: toBase64Url(input.ticket), response: input.response })
  if (!verified.ok) throw refuse(verified.error)
  const at = deps.now()
  const passkey: StoredPasskey = {
    ...verified.value,
    id: newId(),
    userId: account.id,
    name: input.name ?? (await nameProvider(verified.value.aaguid)) ?? describeDevice(requester.userAgent),
    createdAt: at,
    lastUsedAt: null,
  }
  const when = whenPasskeyExists(passkey.id)
  const first = await makeFirstCodes(deps, account, { at, when })
  const change = factorChange(deps, caller, {
    change: 'added',
    method: 'passkey',
    passkey,
    shown: PASSKEY_METHODS,
    at,
    when,
  })
  const { id, expiresAt } = challenge
  const unspent = whenUnspent({ id })
  const { added, spent, codes } = await refuseTaken(
    inOneBatch(db, {
      added: insertPasskeyStatement(db, passkey, { sessionId: session.id, unspent, limit: MAX_PASSKEYS_PER_USER }),
      codes: first === null ? null : first.statement,
      ...change.statements,
      spent: spendStateStatement(db, { id, expiresAt }),
    }),
    KNOWN,
  )
  if (spent.length === 0) throw refuse('used before')
  if (added.meta.changes === 0) throw new Refusal('passkey_limit', { reason: 'too many, or the session has ended' })
  await change.finish(null)
  const recoveryCodes = first && codes && codes.length > 0 ? { recoveryCodes: first.codes } : {}
  return { passkey: await toPasskey(passkey), ...recoveryCodes }
}

const KNOWN = { column: 'passkeys.credential_id', code: 'passkey_exists' } as const
const refuse = (reason: string) => new Refusal('invalid_registration', { reason })
