import type { MfaNeeded, User } from 'postern/client'
import { ask, EMAIL, make, NEW_PASSWORD, PASSWORD, show } from './ask.ts'
import { auth } from './auth.ts'

const typed = (values: Record<string, string>, name: string) => values[name] ?? ''

export function signUp(): void {
  ask({
    title: 'Sign up',
    button: 'Sign up',
    fields: [EMAIL, NEW_PASSWORD],
    async send(values) {
      // The answer is the same for an address that has an account, so say no more than this.
      await auth.register({ email: typed(values, 'email'), password: typed(values, 'password') })
      return 'We have mailed you a link. Open it to confirm your address.'
    },
  })
}

export function signIn(): void {
  ask({
    title: 'Sign in',
    button: 'Sign in',
    fields: [EMAIL, PASSWORD],
    async send(values) {
      const answer = await auth.login({ identifier: typed(values, 'email'), password: typed(values, 'password') })
      if (answer.status === 'mfa_required') askForFactor(answer)
      else showAccount(answer.user)
      return null
    },
  })
}

function askForFactor({ ticket }: MfaNeeded): void {
  ask({
    title: 'Second factor',
    button: 'Sign in',
    fields: [{ name: 'code', label: 'Code of your app', type: 'text', autocomplete: 'one-time-code' }],
    async send(values) {
      const { user } = await auth.verifyFactor({ ticket, method: 'totp', code: typed(values, 'code') })
      showAccount(user)
      return null
    },
  })
}

export function forgotPassword(): void {
  ask({
    title: 'Forgot your password?',
    button: 'Mail me a link',
    fields: [EMAIL],
    async send(values) {
      await auth.request('POST /auth/forgot-password', { body: { email: typed(values, 'email') } })
      return 'If the address has an account, we have mailed a link to it.'
    },
  })
}

export async function account(): Promise<void> {
  const session = await auth.getSession()
  if (session.status === 'signed_in') showAccount(session.user)
  else signIn()
}

function showAccount({ email }: User): void {
  const signOut = make('button', { type: 'button' }, 'Sign out')
  signOut.addEventListener('click', () => auth.logout())
  history.replaceState(null, '', '/account')
  // Signed out here, in another tab or by another device: the client tells of each.
  const stop = auth.onSessionChange(({ status }) => {
    if (status !== 'signed_out') return
    stop()
    signIn()
  })
  show('Your account', make('p', {}, `You are signed in as ${email}.`), make('p', {}, signOut))
}
