import { EXPORT_INTERVAL_SECONDS } from '../../config.ts'
import type { AccountExport } from '../../contracts/export.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import { Refusal } from '../../errors.ts'
import type { Platform, Recording } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { exportStatements, findExportStatement, whenNotExportedSince } from '../../storage/accounts/export.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement, whenRecorded } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { newId, throttleOf } from '../identifiers.ts'
import { toUser } from './profile.ts'

/** The names of columns that hold a time, which is stored in milliseconds. */
const TIME = /^at$|At$/

/**
 * Gives everything that the service has on the caller, and records in the audit trail that it did. It reads many rows,
 * so it does so at most once an hour.
 * @throws {Refusal} `rate_limited`.
 */
export async function exportAccount(
  deps: Recording & Pick<Platform, 'settings' | 'loginThrottle'>,
  account: Account,
): Promise<Omit<AccountExport, 'picture'>> {
  const { db, requester } = deps
  // The throttle is asked first, because what fails after the batch would cost the caller an hour.
  const loginFailures = await throttleOf(deps, account).listFailures()
  const at = deps.now()
  const intervalMs = EXPORT_INTERVAL_SECONDS * 1000
  const id = newId()
  const event = { id, type: 'user.exported', at, ...bySelf(account) } as const
  const { last, recorded, ...tables } = await inOneBatch(db, {
    last: findExportStatement(db, account.id),
    recorded: auditStatement(db, event, requester, whenNotExportedSince(account.id, at - intervalMs)),
    ...exportStatements(db, account, whenRecorded(id)),
  })
  if (recorded.meta.changes === 0) {
    const waitMs = (last[0]?.at ?? at) + intervalMs - at
    throw new Refusal('rate_limited', { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) })
  }
  const data = Object.entries<readonly object[]>({ ...tables, loginFailures }).map(
    ([name, rows]) => [name, rows.map(withTimes)] as const,
  )
  return {
    exportedAt: toTimestamp(at),
    profile: toUser(deps, account),
    data: Object.fromEntries(data) as AccountExport['data'],
  }
}

const withTimes = (row: object) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      TIME.test(name) && typeof value === 'number' ? toTimestamp(value) : value,
    ]),
  )
