import { FACTOR_CODE_GUESSES, MFA_TICKET_TTL_SECONDS } from '../../config.ts'
import type { MfaMethod } from '../../contracts/login.ts'
import type { SecretVersion } from '../../crypto/derived-key.ts'
import { makeToken, verifyToken } from '../../crypto/derived-token.ts'
import { makeKeyedName } from '../../crypto/keyed-name.ts'
import { toNetwork } from '../../domain/client-network.ts'
import { isEqualInConstantTime } from '../../domain/constant-time.ts'
import { Refusal, type RefusalCode } from '../../errors.ts'
import type { Platform, Reading, Recording } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { rehashPasswordStatement } from '../../storage/accounts/credentials.ts'
import { byStranger } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenTokenExists } from '../../storage/conditions.ts'
import { countGuess, issueTokenStatement, type OneTimeToken } from '../../storage/one-time-tokens.ts'
import { secondFactorsOf } from '../factors/registry.ts'
import { newOneTimeToken } from '../identifiers.ts'
import { proveToken } from '../one-time-tokens.ts'
import type { NewLogin } from '../sessions/opening.ts'
import { readDevice } from './device.ts'
import { recordRefusal, toCredentialsRefusal } from './refusal.ts'

export interface MfaTicket {
  ticket: string
  expiresIn: number
  methods: MfaMethod[]
}

/** A login that waits for its second factor, brought by the client that began it. */
export interface WaitingLogin {
  token: OneTimeToken
  account: Account
  /** The device, if it has logged in to this account before. */
  deviceId: string | null
}

type Client = Pick<Platform, 'settings' | 'now' | 'requester'>

/**
 * Keeps a login until its second factor is shown. The ticket opens nothing by itself, and only the client that got it
 * can use it.
 * @throws {Refusal} `invalid_credentials` when the account was deactivated, or what opens it changed, after it was
 * read.
 */
export async function issueTicket(deps: Reading & Recording, account: Account, login: NewLogin): Promise<MfaTicket> {
  const { db, settings } = deps
  const now = deps.now()
  const token = newOneTimeToken(now, MFA_TICKET_TTL_SECONDS)
  const client = nameClient(deps, settings.secrets[0], login.deviceId)
  const { issued } = await inOneBatch(db, {
    issued: issueTokenStatement(
      db,
      { ...token, purpose: 'mfa_ticket', methods: login.methods, client },
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
  return { ticket, expiresIn: MFA_TICKET_TTL_SECONDS, methods: secondFactorsOf(deps, account) }
}

/**
 * Finds the login of a ticket, for whatever prepares its second factor and tries none.
 * @throws {Refusal} `invalid_token`, whatever is wrong with it.
 */
export async function openTicket(
  deps: Reading & Recording,
  { ticket, deviceToken }: { ticket: string; deviceToken: string | null },
): Promise<WaitingLogin> {
  const { token, account } = await proveToken(deps, { token: ticket }, 'mfa_ticket')
  const waiting = { token, account, deviceId: readDevice(deps, account.id, deviceToken) }
  await assertSameClient(deps, waiting, 'invalid_token')
  return waiting
}

/**
 * Finds the login of a ticket and counts a try of its second factor, before the factor is looked at.
 * @param countStranger counts the try by the address of the client where no known device made it.
 * @throws {Refusal} `invalid_code`, whatever is wrong with the ticket; `rate_limited`.
 */
export async function countTry(
  deps: Reading & Recording,
  { ticket, deviceToken }: { ticket: string; deviceToken: string | null },
  countStranger: () => Promise<void>,
): Promise<WaitingLogin> {
  const claimed = verifyToken(deps.settings.secrets, ticket, 'mfa_ticket')
  const [found] = claimed
    ? await countGuess(deps.db, { id: claimed.id, purpose: 'mfa_ticket', at: deps.now() }, FACTOR_CODE_GUESSES)
    : []
  const deviceId = found ? readDevice(deps, found.account.id, deviceToken) : null
  if (deviceId === null) await countStranger()
  if (found?.account.status !== 'active' || found.token.salt !== claimed?.salt)
    throw new Refusal('invalid_code', { reason: 'ticket' })
  const waiting = { ...found, deviceId }
  await assertSameClient(deps, waiting, 'invalid_code')
  return waiting
}

/** Refuses a ticket that another client than the one which began the login brings, and says so in the audit trail. */
async function assertSameClient(deps: Client & Recording, waiting: WaitingLogin, code: RefusalCode): Promise<void> {
  const { token, account, deviceId } = waiting
  const names = deps.settings.secrets.map((version) => nameClient(deps, version, deviceId))
  if (names.map((name) => isEqualInConstantTime(name, token.client ?? '')).includes(true)) return
  await recordRefusal(deps, account, { type: 'login.failed', details: { reason: 'ticket of another client' } })
  throw new Refusal(code, { reason: 'ticket of another client' })
}

/**
 * Names the client of a request without revealing it: its address, or its /64 network in IPv6, its `User-Agent`, and
 * its device where that is known to the account.
 */
function nameClient({ requester }: Client, { secret }: SecretVersion, deviceId: string | null): string {
  const network = requester.ip === null ? null : toNetwork(requester.ip)
  return makeKeyedName(secret, 'login-client', JSON.stringify([network, requester.userAgent, deviceId]))
}
