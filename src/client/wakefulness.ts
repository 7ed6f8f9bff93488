/** Timers stand still while a machine sleeps, so that none is set for longer than this. */
const TICK_MS = 20_000

export interface Wakefulness {
  stop(): void
}

interface Duties {
  isDue(): boolean
  renew(): Promise<unknown>
  /** Asks whether the session is still alive. */
  check(): Promise<unknown>
  /** Does what is left to do while the page is looked at. */
  tick(): Promise<unknown>
}

/**
 * Renews the session of a page that is looked at, before a request has to wait for it. A page that is hidden or offline
 * does nothing, and looks after its session when it is seen again or back online.
 */
export function keepAwake({ isDue, renew, check, tick }: Duties): Wakefulness {
  const stopped = new AbortController()
  const { signal } = stopped
  const isAwake = () => document.visibilityState === 'visible' && navigator.onLine !== false
  // A try that fails is repeated at a later tick, so its error concerns nobody.
  const look = (duty: () => Promise<unknown>) => {
    if (isAwake()) void (isDue() ? renew() : duty()).catch(() => undefined)
  }
  const onReturn = () => look(check)
  document.addEventListener('visibilitychange', onReturn, { signal })
  addEventListener('online', onReturn, { signal })
  addEventListener('pageshow', onReturn, { signal })
  const timer = setInterval(() => look(tick), TICK_MS)
  return {
    stop() {
      clearInterval(timer)
      stopped.abort()
    },
  }
}
