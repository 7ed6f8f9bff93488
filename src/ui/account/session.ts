import { useEffect, useState } from 'preact/hooks'
import type { Answer, Session } from '../../client/index.ts'
import { client } from '../parts/client.ts'

export type User = Answer<'GET /auth/me'>

/** Who is signed in, as it is now in any tab. */
export function useSession(): Session {
  const [session, setSession] = useState(client.session)
  useEffect(() => client.onSessionChange(setSession), [])
  return session
}

/** Gives somebody a file that was made here. */
export function download(name: string, content: BlobPart, type: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([content], { type }))
  link.download = name
  link.click()
  // The browser has opened the file by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
