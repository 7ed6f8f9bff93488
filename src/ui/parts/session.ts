import { useEffect, useState } from 'preact/hooks'
import type { Answer, Session } from '../../client/index.ts'
import { client } from './client.ts'

export type User = Answer<'GET /auth/me'>

/** Who is signed in, as it is now in any tab. */
export function useSession(): Session {
  const [session, setSession] = useState(client.session)
  useEffect(() => client.onSessionChange(setSession), [])
  return session
}
