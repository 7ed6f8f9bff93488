import type { Session } from '../../storage/sessions/sessions.ts'
import { SECOND_FACTOR_SHOWN } from './opening.ts'

/**
 * Says of a session what was shown in it, before and now. Only a session in which a second factor was shown now is
 * strong: what a token says of its strength is true of the time that it names.
 */
export function renewedBy(
  session: Pick<Session, 'methods'>,
  { methods, at, isStrong }: { methods: readonly string[]; at: number; isStrong: boolean },
): Pick<Session, 'methods' | 'authenticatedAt' | 'strongAuthenticatedAt'> {
  const before = session.methods.filter((method) => method !== SECOND_FACTOR_SHOWN)
  const all = [...before, ...methods, ...(isStrong ? [SECOND_FACTOR_SHOWN] : [])]
  return { methods: [...new Set(all)], authenticatedAt: at, strongAuthenticatedAt: isStrong ? at : null }
}
