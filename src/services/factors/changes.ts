import type { MfaMethod } from '../../contracts/login.ts'
import type { Passkey } from '../../contracts/passkeys.ts'
import type { EndingSessions, Mailing } from '../../platform/platform.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import type { Condition } from '../../storage/conditions.ts'
import { endSessionsStatement, renewSessionStatement, type Session } from '../../storage/sessions/sessions.ts'
import { noticeTo } from '../notices.ts'
import type { Caller } from '../sessions/authentication.ts'
import { revokeSessions } from '../sessions/ending.ts'
import { renewedBy } from '../sessions/renewal.ts'

interface FactorChange {
  change: 'added' | 'removed'
  method: MfaMethod
  /** The passkey, where the factor is one: its owner knows it by its name, and the audit trail by its id. */
  passkey?: Pick<Passkey, 'id' | 'name'>
  /** What adding a strong factor has proven (RFC 8176): the session in which it was added has shown it. */
  shown?: readonly string[]
  at: number
  /** It holds, at the place of these statements in the batch, if the factor is really added or removed. */
  when: Condition
}

/**
 * Prepares what every change of a factor brings along (ASVS 6.3.7): its audit row, the mail that tells the owner, and,
 * where a factor is removed, the end of the other sessions. The session in which a strong factor is added counts as one
 * that has shown it. The statements join the batch that changes the factor.
 * `finish` comes after that batch, with the sessions that it ended.
 */
export function factorChange(
  deps: Mailing & EndingSessions,
  { account, session }: Pick<Caller, 'account' | 'session'>,
  { change, method, passkey, shown, at, when }: FactorChange,
) {
  const { db, requester } = deps
  const isRemoved = change === 'removed'
  const notice = noticeTo(deps, account, {
    kind: `factor_${change}`,
    at,
    when,
    facts: { factor: passkey?.name ?? method },
  })
  const details = { method, ...(passkey && { passkeyId: passkey.id }) }
  return {
    statements: {
      audit: auditStatement(db, { type: `factor.${change}`, at, ...bySelf(account), details }, requester, when),
      notice: notice.statements,
      renewed: shown
        ? renewSessionStatement(db, session, renewedBy(session, { methods: shown, at, isStrong: true }), when)
        : null,
      ended: isRemoved ? endSessionsStatement(db, account.id, { except: session.id, when }) : null,
    },
    async finish(ended: readonly Pick<Session, 'id'>[] | null): Promise<void> {
      await revokeSessions(deps, ended ?? [])
      await deps.announceMails([notice.id])
    },
  }
}
