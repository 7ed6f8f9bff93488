import { useLayoutEffect, useState } from 'preact/hooks'
import { PosternError } from '../../client/index.ts'
import { readLinkToken, takeLinkToken } from './link-token.ts'

interface MailedLink {
  /** The token of the link that was opened; null where there was none, and once it was dropped. */
  token: string | null
  drop(): void
  /** The key of what holds typed text: it changes when the page is left, so that the text is gone then. */
  visit: number
}

/**
 * Takes the token of the link that was opened out of the address, and keeps it until the page is left. A browser may
 * keep the whole page for going back, and whoever uses the browser next must find neither the token nor what was typed.
 */
export function useMailedLink(): MailedLink {
  const [token, setToken] = useState(takeLinkToken)
  const [visit, setVisit] = useState(0)
  const drop = () => setToken(null)
  useLayoutEffect(() => {
    const unmounted = new AbortController()
    const { signal } = unmounted
    const forget = () => {
      drop()
      setVisit((before) => before + 1)
    }
    addEventListener('pagehide', forget, { signal })
    // A second link that is opened in this tab differs in its fragment alone, so the browser itself loads nothing.
    addEventListener('hashchange', () => readLinkToken() !== null && location.reload(), { signal })
    return () => unmounted.abort()
  }, [])
  return { token, drop, visit }
}

/** Tells whether the service took a token or a code; false where it is wrong, used or too old. */
export async function isTaken(redeeming: Promise<unknown>): Promise<boolean> {
  try {
    await redeeming
    return true
  } catch (error) {
    if (error instanceof PosternError && error.code === 'invalid_token') return false
    throw error
  }
}
