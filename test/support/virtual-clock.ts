interface Timer {
  at: number
  wake: () => void
}

/**
 * This is a clock for models. It stands still while any participant works, and jumps to the next timer when all of them
 * sleep. Real work inside, such as that of the database, takes no time on it, so an hour passes in moments on any
 * machine.
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

  /**
   * A participant calls this when it begins to work. The clock then stands still until the participant sleeps or
   * leaves.
   */
  enter(): void {
    this.#working += 1
  }

  leave(): void {
    this.#working -= 1
    // When this runs, every participant that was woken has already told the clock that it works.
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
