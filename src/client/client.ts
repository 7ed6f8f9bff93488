import type { MfaLoginRequest, RegisterRequest, SignedIn, StepUpRequest } from './api-types.ts'
import { dueIn, type Grant, isDue, type TokenStorage } from './grant.ts'
import { PosternError, type StepUpMethod } from './problem.ts'
import { type Answer, type AnyInput, type InputOf, type Route, send } from './send.ts'
import { keepSession, type Session } from './session.ts'
import { keepAwake, type Wakefulness } from './wakefulness.ts'

export interface StepUpNeeded {
  /** What this account can prove itself with now; never empty. */
  methods: readonly StepUpMethod[]
  /** How old the proof may be. */
  maxAgeSeconds: number
}

export interface ClientOptions {
  /** The origin of the service. Without it, that of the page. */
  baseUrl?: string
  /** `cookie` (the default): no script ever holds a token. `body`: for apps that cannot have cookies of the service. */
  delivery?: 'cookie' | 'body'
  /** Where the tokens of `body` are kept. Without it, in memory. */
  storage?: TokenStorage
  /**
   * Asks the person to prove once more who they are, by `client.stepUp()`. It resolves to true when that is done, and
   * the request is then repeated once. Requests that wait for the same share one call.
   */
  onStepUp?: (needed: StepUpNeeded) => Promise<boolean>
}

export interface Client {
  readonly baseUrl: string
  readonly delivery: 'cookie' | 'body'
  /** What is known now, without asking. The object stays the same until something changes. */
  readonly session: Session
  /** Asks the service who is signed in, the first time. It rejects while the service cannot be reached. */
  getSession(): Promise<Session>
  /** Calls a listener at every change, whichever tab made it. It answers a function that ends this. */
  onSessionChange(listener: (session: Session) => void): () => void
  /** Sends a request to any route. It renews the session and steps up where that is needed. */
  request<Name extends Route>(route: Name, ...input: InputOf<Name>): Promise<Answer<Name>>
  register(body: RegisterRequest): Promise<Answer<'POST /auth/register'>>
  login(body: { identifier: string; password: string }): Promise<Answer<'POST /auth/login'>>
  /** Completes a login that answered `mfa_required`. */
  verifyFactor(body: MfaLoginRequest): Promise<SignedIn>
  stepUp(body: StepUpRequest): Promise<void>
  logout(): Promise<void>
  /** Reads the user anew, for instance after another route has changed the picture. */
  reload(): Promise<Session>
  /** Renews the session, once for all tabs. It answers false where the session has ended. */
  refresh(): Promise<boolean>
  /** A token that is good for a while yet, for an API of your own. With cookies, or signed out, it is null. */
  accessToken(): Promise<string | null>
  /** Ends the listening to tabs, timers and the browser. */
  close(): void
}

/** These routes open a session, and are told where its tokens go. */
const OPENS_SESSION = /^POST \/auth\/(login|login\/mfa|passkeys\/authentication)$/
/** A cookie that this route sets tells that the browser which comes back is the one that left. */
const BEGINS_LINK = /^POST \/auth\/oauth\/.+\/link$/
/** A page that comes back into view asks whether the session is alive, where it has not heard of it for as long. */
const CHECK_AFTER_MS = 60_000

export function createClient({ delivery = 'cookie', storage, onStepUp, ...options }: ClientOptions = {}): Client {
  const baseUrl = (options.baseUrl ?? '').replace(/\/+$/, '')
  const hasCookies = delivery === 'cookie'
  const keeper = keepSession({ baseUrl, hasCookies, storage })
  const { refresh } = keeper
  let heardAt = 0
  /** Whether somebody asked who is signed in. Until then, no request is made for it. */
  let isWanted = false
  let wakefulness: Wakefulness | null = null
  let loading: Promise<void> | null = null
  let steppingUp: Promise<boolean> | null = null

  async function open(): Promise<void> {
    await keeper.open()
    if (typeof document === 'undefined') return
    wakefulness ??= keepAwake({ isDue: () => isDue(keeper.grant), renew: refresh, check, tick })
  }

  /** Asks the person once, for all requests that wait for it. */
  function askForStepUp({ members: { methods = [], maxAgeSeconds = 0 } }: PosternError): Promise<boolean> {
    steppingUp ??= (onStepUp?.({ methods, maxAgeSeconds }) ?? Promise.resolve(false)).finally(() => {
      steppingUp = null
    })
    return steppingUp
  }

  /** Does what a refusal asks for, and answers whether that is done. */
  async function remedy(error: PosternError, used: Grant): Promise<boolean> {
    if (error.code === 'step_up_required') return await askForStepUp(error)
    if (error.code !== 'unauthenticated') return false
    return keeper.grant !== used || (keeper.session.status !== 'signed_out' && (await refresh()))
  }

  async function callOnce(route: string, input: AnyInput): Promise<unknown> {
    const began = keeper.epoch
    const target = keeper.target()
    if (BEGINS_LINK.test(route)) target.credentials = 'include'
    const answer = await send(target, route, input)
    heardAt = Date.now()
    if (began === keeper.epoch || OPENS_SESSION.test(route)) await keeper.note(route, answer)
    return answer
  }

  async function call(route: string, given: AnyInput = {}): Promise<unknown> {
    await open()
    const input = OPENS_SESSION.test(route) ? { ...given, body: { ...(given.body as object), delivery } } : given
    // A step-up does not wait for itself.
    return await attempt(route, input, new Set(route.startsWith('POST /auth/step-up') ? ['step_up_required'] : []))
  }

  /** Sends a request, and once more after each refusal that can be remedied and was not remedied before. */
  async function attempt(route: string, input: AnyInput, remedied: Set<string>): Promise<unknown> {
    // A service that is too busy to renew may still take the token.
    if (isDue(keeper.grant)) await refresh().catch(() => false)
    const used = keeper.grant
    try {
      return await callOnce(route, input)
    } catch (error) {
      if (!(error instanceof PosternError) || remedied.has(error.code) || !(await remedy(error, used))) throw error
      return await attempt(route, input, remedied.add(error.code))
    }
  }

  async function load(): Promise<void> {
    await open()
    const began = keeper.epoch
    try {
      if (hasCookies || keeper.grant.refreshToken) await call('GET /auth/me')
    } catch (error) {
      if (!(error instanceof PosternError && error.code === 'unauthenticated')) throw error
    }
    if (began === keeper.epoch && keeper.session.status === 'loading') keeper.publish({ status: 'signed_out' })
  }

  async function reload(): Promise<Session> {
    loading ??= load().finally(() => {
      loading = null
    })
    await loading
    return keeper.session
  }

  /** Asks whether the session is alive, and how long its token lives where that is not known. */
  async function check(): Promise<void> {
    const { session, grant } = keeper
    if (session.status === 'loading' && isWanted) await reload()
    if (session.status !== 'signed_in' || (grant.dueAt !== null && Date.now() - heardAt < CHECK_AFTER_MS)) return
    const { expiresAt, userId } = await request('GET /auth/session')
    // A page of another origin may have signed somebody else in, whose cookies this page sends from now on.
    if (userId !== session.user.id) await reload()
    if (keeper.grant.dueAt !== null) return
    // The clock here may be wrong. Then the session is renewed soon, and that answer tells a life and not a time.
    const lifeMs = Math.max(Date.parse(expiresAt) - Date.now(), CHECK_AFTER_MS)
    await keeper.keep({ ...keeper.grant, dueAt: dueIn(lifeMs) })
  }

  const tick = async () => {
    if (keeper.grant.dueAt === null) await check()
  }

  const request: Client['request'] = async (route, ...[input]) => (await call(route, input)) as never

  return {
    baseUrl,
    delivery,
    get session() {
      return keeper.session
    },
    async getSession() {
      isWanted = true
      return keeper.session.status === 'loading' ? await reload() : keeper.session
    },
    onSessionChange: keeper.subscribe,
    request,
    register: (body) => request('POST /auth/register', { body }),
    login: (body) => request('POST /auth/login', { body }),
    verifyFactor: (body) => request('POST /auth/login/mfa', { body }),
    stepUp: async (body) => void (await request('POST /auth/step-up', { body })),
    async logout() {
      await open()
      const { refreshToken } = keeper.grant
      await request('POST /auth/logout', { body: refreshToken === undefined ? {} : { refreshToken } })
    },
    reload,
    async refresh() {
      await open()
      return await refresh()
    },
    async accessToken() {
      await open()
      if (isDue(keeper.grant)) await refresh().catch(() => false)
      return keeper.grant.accessToken ?? null
    },
    close() {
      wakefulness?.stop()
      keeper.close()
    },
  }
}
