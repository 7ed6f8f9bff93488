import { hashDeviceId, makeDeviceToken } from '../../crypto/device-token.ts'
import { toShardOf } from '../../domain/ended-sessions.ts'
import { Refusal } from '../../errors.ts'
import type { EndingSessions, Mailing, Signing } from '../../platform/platform.ts'
import { type Account, recordLoginStatement } from '../../storage/accounts/accounts.ts'
import { type Rehash, rehashPasswordStatement } from '../../storage/accounts/credentials.ts'
import { auditLoginStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenSessionExists } from '../../storage/conditions.ts'
import { insertGrantStatement } from '../../storage/sessions/grants.ts'
import { insertSessionStatement, type Session, trimSessionsStatement } from '../../storage/sessions/sessions.ts'
import { trustDeviceStatement, whenDeviceIsTrusted } from '../../storage/sessions/trusted-devices.ts'
import { stopDeletionStatements } from '../accounts/stop-deletion.ts'
import type { ProvenFactor } from '../factors/factor.ts'
import { stopRemovalStatements } from '../factors/stop-removal.ts'
import { newId, newSalt } from '../identifiers.ts'
import { toCredentialsRefusal } from '../login/refusal.ts'
import { noticeTo } from '../notices.ts'
import { revokeSessions } from './ending.ts'
import { trustMs } from './remembered-devices.ts'
import { endReplacedStatements, findReplacedSessions, type SessionCookies } from './replaced.ts'
import { type IssuedTokens, issueTokens } from './tokens.ts'

export interface OpenedSession {
  account: Account
  session: Session
  tokens: IssuedTokens
  deviceToken: string
  /** Whether the account was to be deleted, and is kept because of this login. */
  isDeletionStopped: boolean
}

/** How somebody has proven who they are. */
export interface NewLogin {
  /** RFC 8176. */
  methods: string[]
  /** The device, if it has logged in to this account before. */
  deviceId: string | null
  /** The cookies that the new ones overwrite, where the login is by cookies. */
  replaces: SessionCookies
  /** Whether later logins of this device are to ask for no second factor for a while. */
  rememberDevice?: boolean
  /** It is true where no second factor was asked for because the device is trusted. */
  needsTrust?: boolean
  /** A new hash of the password, where the stored one is weaker than today's. */
  rehash?: Rehash | null
  /** The factor that was shown, which the session uses up: of two logins that show it at once, one opens a session. */
  proof?: ProvenFactor
}

export type OpeningNeeds = Signing & Mailing & EndingSessions

/** The method that RFC 8176 names for a login with more than one factor. */
export const SECOND_FACTOR_SHOWN = 'mfa'

/**
 * Opens a session for an account that has proven itself, and tells its owner by mail when the device is new to the
 * account. A login keeps an account that was to be deleted. The session whose cookies it overwrites ends. When the
 * account was deactivated, or its password changed, after it was read, no session is opened and none ends. The same
 * holds where the login relied on the trust in its device, and that has ended.
 * @throws {Refusal} `invalid_credentials` in that case, or `invalid_code` where a factor was shown.
 */
export async function openSession(deps: OpeningNeeds, account: Account, login: NewLogin): Promise<OpenedSession> {
  const { db, requester, settings } = deps
  const replaced = await findReplacedSessions(deps, login.replaces)
  const now = deps.now()
  const deviceId = login.deviceId ?? crypto.randomUUID()
  const device = { id: hashDeviceId(deviceId), userId: account.id }
  const isRemembered = login.rememberDevice === true && trustMs(deps) > 0
  const session = {
    id: toShardOf(account.id, newId()),
    userId: account.id,
    methods: login.methods,
    authenticatedAt: now,
    strongAuthenticatedAt: login.methods.includes(SECOND_FACTOR_SHOWN) ? now : null,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + settings.refreshTokenTtlSeconds * 1000,
    userAgent: requester.userAgent,
    country: requester.country,
    city: requester.city,
    device: device.id,
  }
  const grant = { id: newId(), sessionId: session.id, salt: newSalt(), generation: 0 }
  const whenOpened = whenSessionExists(session.id)
  const isNewDevice = login.deviceId === null && account.lastSeenAt !== null
  const notice = isNewDevice ? noticeTo(deps, account, { kind: 'new_device', at: now, when: whenOpened }) : null
  const kept = account.deletesAt === null ? null : stopDeletionStatements(deps, account, { at: now, when: whenOpened })
  const whenProven = login.needsTrust ? whenDeviceIsTrusted(device) : login.proof?.whenUnused
  const use = login.proof?.use(whenOpened) ?? { statements: [], mails: [] }
  const { opened, trimmed } = await inOneBatch(db, {
    opened: insertSessionStatement(db, session, account, whenProven),
    used: use.statements,
    grant: insertGrantStatement(db, grant),
    trimmed: trimSessionsStatement(db, { userId: account.id }),
    lastSeen: recordLoginStatement(db, { userId: account.id, sessionId: session.id, at: now }),
    audit: auditLoginStatement(
      db,
      { userId: account.id, at: now, details: { methods: login.methods, sessionId: session.id } },
      requester,
    ),
    removal:
      session.strongAuthenticatedAt === null
        ? null
        : stopRemovalStatements(deps, account, { why: 'strong login', when: whenOpened }),
    trusted: isRemembered
      ? trustDeviceStatement(db, { ...device, userAgent: requester.userAgent, at: now }, whenOpened)
      : null,
    rehash: login.rehash ? rehashPasswordStatement(db, account.id, login.rehash) : null,
    notice: notice ? notice.statements : null,
    kept: kept ? kept.statements : null,
    replaced: endReplacedStatements(deps, replaced, { sessionId: session.id, at: now }),
  })
  if (opened.meta.changes === 0) throw toOpeningRefusal(login)
  await revokeSessions(deps, [...trimmed, ...replaced])
  const notices = [notice, kept].flatMap((sent) => (sent ? [sent.id] : []))
  await deps.announceMails([...notices, ...use.mails])
  const deviceToken = makeDeviceToken(settings.secrets, account.id, deviceId, now)
  // Session and tokens share one reading of the clock, because the lifetimes in the answer could otherwise be a second
  // short.
  const standing = { ...session, deviceTrustedAt: login.needsTrust ? now : null }
  const tokens = await issueTokens({ ...deps, now: () => now }, account, standing, grant)
  return {
    account: { ...account, lastSeenAt: now, deletesAt: null },
    session: standing,
    tokens,
    deviceToken,
    isDeletionStopped: kept !== null,
  }
}

function toOpeningRefusal({ proof }: NewLogin): Refusal {
  const reason = 'account changed during login, or the factor was used at the same moment'
  return proof ? new Refusal('invalid_code', { reason }) : toCredentialsRefusal(reason)
}
