import type { User } from 'postern/client'
import { useEffect, useRef, useState } from 'react'
import { auth, setStepUpDialog } from './auth.ts'
import { messageOf, readField, sendBy } from './forms.ts'

export function Account({ user }: { user: User }) {
  const [news, setNews] = useState('')
  const [secret, setSecret] = useState('')

  const attempt = (work: () => Promise<void>) => async () => {
    setNews('')
    await work().catch((error: unknown) => setNews(messageOf(error)))
  }
  const rename = async (data: FormData) => {
    await attempt(async () => {
      await auth.request('PATCH /auth/me', { body: { name: readField(data, 'name') } })
      setNews('Your name is saved.')
    })()
  }
  const addAuthenticator = attempt(async () => {
    const enrolment = await auth.request('POST /auth/mfa/totp')
    setSecret(enrolment.secret)
  })

  return (
    <>
      <h1>Hello, {user.name ?? user.email}</h1>
      <p role="status">{news}</p>
      <form onSubmit={sendBy(rename)}>
        <label>
          Name <input name="name" autoComplete="name" defaultValue={user.name ?? ''} required />
        </label>
        <button type="submit">Save</button>
      </form>
      <p>
        <button type="button" onClick={addAuthenticator}>
          Add an authenticator app
        </button>
        <button type="button" onClick={attempt(() => auth.logout())}>
          Sign out
        </button>
      </p>
      {secret === '' ? null : <p>Type this into your app: {secret}</p>}
      <StepUpDialog />
    </>
  )
}

/** Asks for the password once more, where the service wants a recent login. */
function StepUpDialog() {
  const dialog = useRef<HTMLDialogElement>(null)
  const answer = useRef<(password: string | null) => void>(() => undefined)

  useEffect(() => {
    setStepUpDialog(() => {
      dialog.current?.showModal()
      return new Promise((resolve) => {
        answer.current = resolve
      })
    })
  }, [])

  const confirm = (data: FormData) => {
    answer.current(readField(data, 'password'))
    dialog.current?.close()
  }
  return (
    <dialog ref={dialog} onClose={() => answer.current(null)} aria-label="Confirm that it is you">
      <form onSubmit={sendBy(confirm)}>
        <label>
          Your password <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <button type="submit">Confirm</button>
      </form>
    </dialog>
  )
}
