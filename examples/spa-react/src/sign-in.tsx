import type { MfaNeeded } from 'postern/client'
import { useState } from 'react'
import { auth } from './auth.ts'
import { messageOf, readField, sendBy } from './forms.ts'

export function SignIn() {
  const [factor, setFactor] = useState<MfaNeeded | null>(null)
  const [problem, setProblem] = useState('')

  async function send(data: FormData) {
    setProblem('')
    try {
      if (factor !== null) {
        await auth.verifyFactor({ ticket: factor.ticket, method: 'totp', code: readField(data, 'code') })
        return
      }
      const login = { identifier: readField(data, 'identifier'), password: readField(data, 'password') }
      const answer = await auth.login(login)
      if (answer.status === 'mfa_required') setFactor(answer)
    } catch (error) {
      setProblem(messageOf(error))
    }
  }

  return (
    <form onSubmit={sendBy(send)}>
      <h1>Sign in</h1>
      {factor === null ? (
        <>
          <p>
            <label>
              E-mail address <input name="identifier" type="email" autoComplete="username" required />
            </label>
          </p>
          <p>
            <label>
              Password <input name="password" type="password" autoComplete="current-password" required />
            </label>
          </p>
        </>
      ) : (
        <p>
          <label>
            Code of your app <input name="code" inputMode="numeric" autoComplete="one-time-code" required />
          </label>
        </p>
      )}
      <p role="alert">{problem}</p>
      <button type="submit">Sign in</button>
    </form>
  )
}
