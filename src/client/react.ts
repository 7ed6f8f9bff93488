import { useEffect, useSyncExternalStore } from 'react'
import type { Client } from './client.ts'
import type { Session } from './session.ts'

/** The session as this component should show it, in every tab. It asks the service once, when first used. */
export function useSession(client: Client): Session {
  const now = () => client.session
  useEffect(() => {
    client.getSession().catch(() => undefined)
  }, [client])
  return useSyncExternalStore(client.onSessionChange, now, now)
}
