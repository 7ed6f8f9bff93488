import { type ApiRequest, ProblemError, send } from './api.ts'
import { Failure } from './failure.ts'
import { keepRefreshToken, readRefreshToken } from './kept-tokens.ts'
import type { Questions } from './questions.ts'

interface Tokens {
  accessToken: string
  refreshToken: string
  expiresIn: number
}

/** The answer of a login, which asks for a second factor or gives the tokens. */
type LoginAnswer =
  | { status: 'signed_in'; user: { email: string }; tokens: Tokens }
  | { status: 'mfa_required'; ticket: string; methods: readonly string[] }

/** An access token is not used in the last seconds before it expires. */
const MARGIN_MS = 30_000
const AUTHENTICATOR_CODE = /^\d{6}$/
const LOG_IN = 'Sign in with "npm run admin -- login", and with --remote for production.'

/** The session of the operator at one origin, by which commands call the API. */
export interface Session {
  origin: string
  logIn(): Promise<string>
  logOut(): Promise<void>
  /** Calls a route, and asks the operator to prove who they are where the route needs that. */
  call(path: string, request?: ApiRequest): Promise<Response>
}

export function openSession(origin: string, questions: Questions): Session {
  let access: { token: string; expiresAt: number } | null = null
  const hold = ({ accessToken, expiresIn }: Omit<Tokens, 'refreshToken'>) => {
    access = { token: accessToken, expiresAt: Date.now() + expiresIn * 1000 - MARGIN_MS }
    return accessToken
  }

  async function refresh(): Promise<string> {
    const refreshToken = await readRefreshToken(origin)
    if (refreshToken === null) throw new Failure(`You are not signed in at ${origin}. ${LOG_IN}`)
    const answer = await send(origin, '/auth/refresh', { method: 'POST', body: { refreshToken } }).catch(
      async (error) => {
        if (!(error instanceof ProblemError) || error.problem.code !== 'invalid_refresh_token') throw error
        await keepRefreshToken(origin, null)
        throw new Failure(`Your session at ${origin} has ended. ${LOG_IN}`)
      },
    )
    const tokens = (await answer.json()) as Tokens
    await keepRefreshToken(origin, tokens.refreshToken)
    return hold(tokens)
  }

  async function stepUp(methods: readonly string[]): Promise<void> {
    console.error('This needs a recent sign-in: prove that it is you.')
    if (methods.includes('email') && !methods.includes('password') && !hasTypedCode(methods))
      await send(origin, '/auth/step-up/email', { method: 'POST', accessToken: await accessToken() })
    const proof =
      methods.includes('password') && !hasTypedCode(methods)
        ? { method: 'password', password: await questions.askSecret('Password') }
        : await askForCode(questions, methods)
    const request = { method: 'POST', body: proof, accessToken: await accessToken() } as const
    hold((await (await send(origin, '/auth/step-up', request)).json()) as Tokens)
  }

  const accessToken = async () => (access !== null && access.expiresAt > Date.now() ? access.token : await refresh())

  return {
    origin,
    async logIn() {
      const identifier = await questions.ask('E-mail address')
      const password = await questions.askSecret('Password')
      const login = { method: 'POST', body: { identifier, password } } as const
      let answer = (await (await send(origin, '/auth/login', login)).json()) as LoginAnswer
      if (answer.status === 'mfa_required') {
        const { ticket, methods } = answer
        if (!hasTypedCode(methods) && methods.includes('email'))
          await send(origin, '/auth/login/mfa/email', { method: 'POST', body: { ticket } })
        const body = { ticket, ...(await askForCode(questions, methods)) }
        answer = (await (await send(origin, '/auth/login/mfa', { method: 'POST', body })).json()) as LoginAnswer
      }
      if (answer.status !== 'signed_in') throw new Failure('The service asks for another factor again. Start again.')
      await keepRefreshToken(origin, answer.tokens.refreshToken)
      return answer.user.email
    },
    async logOut() {
      const refreshToken = await readRefreshToken(origin)
      if (refreshToken === null) return
      await send(origin, '/auth/logout', { method: 'POST', body: { refreshToken } })
      await keepRefreshToken(origin, null)
    },
    async call(path, request = {}) {
      const ask = async () => await send(origin, path, { ...request, accessToken: await accessToken() })
      try {
        return await ask()
      } catch (error) {
        if (!(error instanceof ProblemError) || error.problem.code !== 'step_up_required') throw error
        await stepUp(error.problem.methods ?? ['password'])
        return await ask()
      }
    },
  }
}

const hasTypedCode = (methods: readonly string[]) => methods.includes('totp') || methods.includes('recovery_code')

/** Asks for a code that a person can type, whichever of these methods it is of. */
async function askForCode(questions: Questions, methods: readonly string[]) {
  if (hasTypedCode(methods)) {
    const typed = await questions.askSecret('Code of the authenticator app, or a recovery code')
    const code = typed.trim()
    const isOfApp = methods.includes('totp') && AUTHENTICATOR_CODE.test(code)
    return { method: isOfApp ? 'totp' : 'recovery_code', code }
  }
  if (methods.includes('email'))
    return { method: 'email', code: (await questions.askSecret('Code of the mail')).trim() }
  throw new Failure(
    'This account proves itself by a passkey, which a terminal cannot ask for. Make recovery codes, or add an authenticator app.',
  )
}
