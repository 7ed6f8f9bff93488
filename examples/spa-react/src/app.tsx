import { useSession } from 'postern/client/react'
import { Account } from './account.tsx'
import { auth } from './auth.ts'
import { SignIn } from './sign-in.tsx'

export function App() {
  const session = useSession(auth)
  if (session.status === 'loading') return <p>Loading…</p>
  return session.status === 'signed_in' ? <Account user={session.user} /> : <SignIn />
}
