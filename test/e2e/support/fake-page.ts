import { vi } from 'vitest'

/** What a page of a browser has and Node has not. A test hides and shows it. */
export function fakePage() {
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const window = new EventTarget()
  vi.stubGlobal('document', document)
  vi.stubGlobal('location', new URL('https://app.example.com/'))
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
  return {
    show(visibilityState: 'visible' | 'hidden') {
      document.visibilityState = visibilityState
      document.dispatchEvent(new Event('visibilitychange'))
    },
    goOnline: () => window.dispatchEvent(new Event('online')),
  }
}
