/** For this long a tab waits for another one's lock, and for news after it got the lock. */
const LOCK_TIMEOUT_MS = 20_000
const NEWS_TIMEOUT_MS = 100

/** The other tabs of this origin, which share the session. */
export interface Tabs<News> {
  tell(news: News): void
  /** Does some work while no other tab does it. The work is told whether another tab has just done it. */
  takeTurns<Result>(work: (hasWaited: boolean) => Promise<Result>): Promise<Result>
  /** Resolves when news came, or after a moment. */
  awaitNews(): Promise<void>
  close(): void
}

/**
 * Connects the tabs by Web Locks and a BroadcastChannel. Where a browser lacks them, each tab works by itself: the
 * service takes two refreshes at once for what they are (docs/decisions/0003-refresh-rotation.md).
 */
export function connectTabs<News>(name: string, hear: (news: News) => void): Tabs<News> {
  const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(name)
  const waiting = new Set<() => void>()
  channel?.addEventListener('message', ({ data }) => {
    hear(data)
    for (const resolve of waiting) resolve()
  })
  return {
    tell: (news) => channel?.postMessage(news),
    takeTurns: async (work) => await takeTurns(name, work),
    awaitNews: () =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          waiting.delete(done)
          resolve()
        }
        const timer = setTimeout(done, NEWS_TIMEOUT_MS)
        waiting.add(done)
      }),
    close: () => channel?.close(),
  }
}

async function takeTurns<Result>(name: string, work: (hasWaited: boolean) => Promise<Result>): Promise<Result> {
  // The work is done once, whatever becomes of the lock.
  let done: Promise<Result> | null = null
  const doOnce = (hasWaited: boolean) => {
    done ??= work(hasWaited)
    return done
  }
  try {
    const { locks } = navigator
    await locks.request(name, { ifAvailable: true }, async (lock) => lock && (await doOnce(false)))
    if (done === null) {
      const signal = AbortSignal.timeout(LOCK_TIMEOUT_MS)
      await locks.request(name, { signal }, async () => await doOnce(true))
    }
  } catch {
    // There are no locks here, or a tab that sleeps holds this one, or the work itself failed, which it says below.
  }
  return await doOnce(false)
}
