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

/** Keeps sixteen requests under way for so long, and answers how many milliseconds each took. */
export async function loadFor<Person>(
  milliseconds: number,
  people: readonly Person[],
  act: (person: Person) => Promise<void>,
): Promise<number[]> {
  const times: number[] = []
  const end = performance.now() + milliseconds
  const work = async (_: unknown, lane: number) => {
    // Each lane has people of its own, because nobody does two things at once.
    const own = people.filter((__, index) => index % CONCURRENCY === lane)
    for (let nth = 0; performance.now() < end; nth += 1) {
      const person = own[nth % own.length]
      if (person === undefined) throw new Error('There are fewer people than requests at once.')
      const start = performance.now()
      await act(person)
      times.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return times
}
