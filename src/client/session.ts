import type { SignedIn, Tokens, User } from './api-types.ts'
import { type Grant, grantOf, isDue, NO_GRANT, readGrant, type TokenStorage } from './grant.ts'
import { PosternError } from './problem.ts'
import { send, type Target } from './send.ts'
import { connectTabs, type Tabs } from './tabs.ts'

export type Session = { status: 'loading' } | { status: 'signed_out' } | { status: 'signed_in'; user: User }

/** What tabs tell each other. Nothing in it opens a session. */
interface News {
  session: Session
  dueAt: number | null
  /** Whether a person signed in or out, and it is no mere renewal, which a tab that signed out meanwhile ignores. */
  isNew: boolean
}

/** An answer, as far as the client looks into any. */
interface Noted {
  status?: string
  ticket?: string
  expiresIn?: number
  accessToken?: string
  refreshToken?: string
}

interface Setting {
  baseUrl: string
  hasCookies: boolean
  storage: TokenStorage | undefined
}

export interface SessionKeeper {
  readonly session: Session
  readonly grant: Grant
  /** It changes when somebody signs in or out: an older answer says nothing of whoever is signed in now. */
  readonly epoch: number
  /** Reads what is stored, and listens to other tabs. */
  open(): Promise<void>
  close(): void
  subscribe(listener: (session: Session) => void): () => void
  target(): Target
  /** Takes what an answer says about the session. */
  note(route: string, answer: unknown): Promise<void>
  keep(grant: Grant): Promise<void>
  publish(session: Session): void
  refresh(): Promise<boolean>
}

/** After this time without an answer a refresh is given up. It is longer than the service waits for its database. */
const REFRESH_TIMEOUT_MS = 15_000

const REFRESH = 'POST /auth/refresh'
const ENDS_SESSION = /^(POST \/auth\/logout|DELETE \/auth\/me)$/
const ANSWERS_USER = /^(GET|PATCH) \/auth\/me$/

/** Keeps who is signed in and what opens the session, the same in all tabs. */
export function keepSession({ baseUrl, hasCookies, storage }: Setting): SessionKeeper {
  const listeners = new Set<(session: Session) => void>()
  let grant = NO_GRANT
  let session: Session = { status: 'loading' }
  let epoch = 0
  let tabs: Tabs<News> | null = null
  let opening: Promise<void> | null = null
  let refreshing: Promise<boolean> | null = null

  async function open(): Promise<void> {
    await readStorage()
    // Tokens in memory are this tab's own.
    if (typeof document === 'undefined' || !(hasCookies || storage)) return
    const { origin } = new URL(baseUrl || '/', location.href)
    tabs = connectTabs(`postern:${origin}`, (news: News) => void hear(news))
  }

  async function readStorage(): Promise<void> {
    if (!hasCookies && storage) grant = readGrant(await storage.get())
  }

  async function keep(next: Grant): Promise<void> {
    grant = next
    if (!hasCookies) await storage?.set(JSON.stringify(next))
  }

  function publish(next: Session): void {
    if (JSON.stringify(next) === JSON.stringify(session)) return
    session = next
    for (const listener of listeners) listener(next)
  }

  const tell = (isNew: boolean) => tabs?.tell({ session, dueAt: grant.dueAt, isNew })

  async function hear({ session: theirs, dueAt, isNew }: News): Promise<void> {
    if (!isNew && session.status !== 'signed_in') return
    if (isNew) epoch += 1
    if (hasCookies) grant = { dueAt }
    else await readStorage()
    if (theirs.status !== 'loading') publish(theirs)
  }

  async function begin(next: Session, nextGrant: Grant): Promise<void> {
    epoch += 1
    await keep(nextGrant)
    publish(next)
    tell(true)
  }

  const end = () => begin({ status: 'signed_out' }, { dueAt: null, deviceToken: grant.deviceToken })

  function target(): Target {
    const headers: Record<string, string> = {}
    if (grant.accessToken) headers.Authorization = `Bearer ${grant.accessToken}`
    if (grant.deviceToken) headers['X-Device-Token'] = grant.deviceToken
    return { baseUrl, credentials: hasCookies ? 'include' : 'omit', headers }
  }

  /** Where an app has linked a provider, the answer has no tokens, and its session goes on with those that it has. */
  const openedBy = (tokens?: Tokens) => (hasCookies || tokens ? grantOf(tokens) : grant)

  async function note(route: string, given: unknown): Promise<void> {
    if (ENDS_SESSION.test(route)) return await end()
    const answer = (given ?? {}) as Noted
    if (answer.status === 'signed_in') {
      const { user, session: opened, tokens } = given as SignedIn
      const { deviceToken = grant.deviceToken } = opened
      return await begin({ status: 'signed_in', user }, { ...openedBy(tokens), deviceToken })
    }
    const isGrant = answer.expiresIn !== undefined && answer.ticket === undefined
    const isUser = ANSWERS_USER.test(route)
    if (isGrant) await keep({ ...grantOf(answer), deviceToken: grant.deviceToken })
    if (isUser) publish({ status: 'signed_in', user: given as User })
    if (isGrant || isUser) tell(false)
  }

  async function refreshInTurn(): Promise<boolean> {
    const before = grant
    const work = async (hasWaited: boolean) => {
      await readStorage()
      if (hasCookies && hasWaited && grant === before) await tabs?.awaitNews()
      if (session.status === 'signed_out') return false
      const isDone = grant.dueAt !== before.dueAt && !isDue(grant)
      return isDone || (await refreshNow())
    }
    return await (tabs?.takeTurns(work) ?? work(false))
  }

  async function refreshNow(): Promise<boolean> {
    const { refreshToken } = grant
    if (!hasCookies && !refreshToken) return false
    const began = epoch
    const body = hasCookies ? {} : { refreshToken }
    // React Native has no such timeout. There its network gives up.
    const signal = AbortSignal.timeout?.(REFRESH_TIMEOUT_MS)
    const ended = await send({ ...target(), headers: {} }, REFRESH, { body, signal }).then(
      async (answer) => {
        if (began === epoch) await note(REFRESH, answer)
        return false
      },
      (error: unknown) => isEnd(error) || Promise.reject(error),
    )
    if (ended && began === epoch) await end()
    return session.status !== 'signed_out'
  }

  return {
    get session() {
      return session
    },
    get grant() {
      return grant
    },
    get epoch() {
      return epoch
    },
    open() {
      opening ??= open()
      return opening
    },
    close() {
      tabs?.close()
      listeners.clear()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    target,
    note,
    keep,
    publish,
    refresh() {
      refreshing ??= refreshInTurn().finally(() => {
        refreshing = null
      })
      return refreshing
    },
  }
}

/** Tells whether a refused refresh means that the session is over, and not that the service is busy. */
const isEnd = (error: unknown) =>
  error instanceof PosternError && (error.status === 401 || error.code === 'account_deactivated')
