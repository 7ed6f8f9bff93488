import { useEffect, useState } from 'preact/hooks'

/** What leads to a place in the console. It is in the query, so that a link, a reload and the back button work. */
export type Place = Readonly<Record<string, string | null | undefined>>

const listeners = new Set<() => void>()
let moves = 0

export function addressOf(place: Place): string {
  const given = Object.entries(place).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return given.length === 0 ? '/console' : `/console?${new URLSearchParams(given)}`
}

/** Goes to another place. A place that `replaces` is the same one, narrowed: the back button then leaves it at once. */
export function go(place: Place, { replaces = false } = {}): void {
  history[replaces ? 'replaceState' : 'pushState'](null, '', addressOf(place))
  tell()
}

function tell(): void {
  moves += 1
  for (const listener of listeners) listener()
}

/** Tells whether the reader has moved since the page was loaded. Only then does a new heading take the focus. */
export const hasMoved = (): boolean => moves > 0

/** Gives the place as it is now. */
export function useAddress(): URLSearchParams {
  const [search, setSearch] = useState(location.search)
  useEffect(() => {
    const follow = () => setSearch(location.search)
    listeners.add(follow)
    return () => void listeners.delete(follow)
  }, [])
  return new URLSearchParams(search)
}

/** Gives one part of the place, with the same parameters but those that are named. */
export const placeOf = (address: URLSearchParams, changes: Place = {}): Place => ({
  ...Object.fromEntries(address),
  ...changes,
})

/** Follows links of the console without loading the page anew, unless the reader wants another tab. */
export function followLinks(): void {
  addEventListener('popstate', tell)
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || link.target !== '' || link.origin !== location.origin || link.pathname !== '/console') return
    event.preventDefault()
    go(Object.fromEntries(new URLSearchParams(link.search)))
  })
}
