interface Timer {
  at: number
  wake: () => void
}

/**
 * A clock for models: it stands while anybody works and jumps to the next timer when everybody sleeps. What is real
 * inside (the database) takes no time by it, so an hour passes in moments, and the same on a busy machine.
 */
export class VirtualClock {
  #now = Date.now()
  #working = 0
  #timers: Timer[] = []

  readonly now = (): number => this.#now

  readonly sleep = async (milliseconds: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#timers.push({ at: this.#now + milliseconds, wake: resolve })
    this.leave()
    await promise
  }

  /** Somebody begins to work: the clock stands until they sleep or leave. */
  enter(): void {
    this.#working += 1
  }

  leave(): void {
    this.#working -= 1
    // Whoever goes on because of this has said so by then.
    setTimeout(() => this.#goOn(), 0)
  }

  #goOn(): void {
    if (this.#working > 0 || this.#timers.length === 0) return
    this.#timers.sort((a, b) => a.at - b.at)
    const [next] = this.#timers.splice(0, 1)
    if (next === undefined) return
    this.#now = Math.max(this.#now, next.at)
    this.enter()
    next.wake()
  }
}
