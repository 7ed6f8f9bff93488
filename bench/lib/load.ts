import { setTimeout as sleep } from 'node:timers/promises'

export const CONCURRENCY = 16

/** Does the same for each item, sixteen at a time, and answers the results in the order of the items. */
export async function inTurns<Item, Result>(items: readonly Item[], act: (item: Item) => Promise<Result>) {
  const results: Result[] = []
  const queue = items.entries()
  const work = async () => {
    for (const [index, item] of queue) results[index] = await act(item)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return results
}

/** The people of one of the sixteen. Each lane has its own, because nobody does two things at once. */
export interface Lane<Person> {
  people: readonly Person[]
  /** How many turns there have been. */
  turns: number
}

/** Divides people among the lanes. */
export function toLanes<Person>(people: readonly Person[]): Lane<Person>[] {
  if (people.length < CONCURRENCY) throw new Error('There are fewer people than requests at once.')
  return Array.from({ length: CONCURRENCY }, (_, lane) => ({
    people: people.filter((__, index) => index % CONCURRENCY === lane),
    turns: 0,
  }))
}

/**
 * Keeps sixteen requests under way for so long, and answers how many milliseconds each took. It goes on with whoever
 * has their turn next, so that nobody comes twice while others wait. With `perSecond` it begins at most so many.
 */
export async function loadFor<Person>(
  milliseconds: number,
  lanes: readonly Lane<Person>[],
  act: (person: Person) => Promise<void>,
  perSecond = Number.POSITIVE_INFINITY,
): Promise<number[]> {
  const times: number[] = []
  const end = performance.now() + milliseconds
  const pauseMs = (CONCURRENCY * 1000) / perSecond
  const work = async (lane: Lane<Person>) => {
    for (; performance.now() < end; lane.turns += 1) {
      const start = performance.now()
      await act(lane.people[lane.turns % lane.people.length] as Person)
      const took = performance.now() - start
      times.push(took)
      if (took < pauseMs) await sleep(pauseMs - took)
    }
  }
  await Promise.all(lanes.map(work))
  return times
}
