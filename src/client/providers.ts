import type { RefusalCode } from './api-types.ts'
import type { Client } from './client.ts'
import type { TokenStorage } from './grant.ts'
import { encode } from './passkeys.ts'
import { PosternError } from './problem.ts'
import type { Answer } from './send.ts'

/** The verifier is kept here while the browser is at the provider. It is this tab's alone. */
const VERIFIER_KEY = 'postern:verifier'
const VERIFIER_BYTES = 32
/** It is kept instead of a verifier by who leaves to link a provider. */
const LINKING = 'link'

/** The browser in which a person visits a provider. Without one, the page itself leaves and comes back. */
export interface SystemBrowser {
  /** Opens an address. The browser comes back to the app by a link, for which `finishProviderSignIn` is called. */
  open(url: string): unknown
  /** Keeps a text until then: the system may end an app that nobody looks at. */
  storage: TokenStorage
}

const page: SystemBrowser = {
  open: (url) => location.assign(url),
  storage: {
    get: () => sessionStorage.getItem(VERIFIER_KEY),
    set: (verifier) =>
      verifier ? sessionStorage.setItem(VERIFIER_KEY, verifier) : sessionStorage.removeItem(VERIFIER_KEY),
  },
}

interface Leaving {
  /** Where to come back to, on the service's list of redirects. Without it, this page. */
  redirectTo?: string
  browser?: SystemBrowser
}

interface Returning {
  /** The link by which the browser came back to an app. Without it, the address of this page. */
  link?: string
  browser?: SystemBrowser
}

const here = () => location.origin + location.pathname

/** Leaves for a provider. The verifier of this sign-in stays here (RFC 7636). */
export async function signInWithProvider(
  client: Client,
  provider: string,
  { redirectTo = here(), browser = page }: Leaving = {},
): Promise<void> {
  const verifier = encode(crypto.getRandomValues(new Uint8Array(VERIFIER_BYTES)).buffer)
  const codeChallenge = encode(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)))
  await browser.storage.set(verifier)
  const query = new URLSearchParams({ redirectTo, delivery: client.delivery, codeChallenge })
  await browser.open(`${client.baseUrl}/auth/oauth/${encodeURIComponent(provider)}?${query}`)
}

/** Leaves to link a provider to the account of whoever is signed in. It needs a recent login. */
export async function linkProvider(
  client: Client,
  provider: string,
  { redirectTo = here(), browser = page }: Leaving = {},
) {
  const { url } = await client.request('POST /auth/oauth/{provider}/link', { path: { provider }, body: { redirectTo } })
  await browser.storage.set(LINKING)
  await browser.open(url)
}

/**
 * Completes what brought the browser back to this page: call it before the page is shown. It answers null where this
 * tab, or this app, did not leave for a provider, and otherwise the session, or what a second factor needs. A refusal
 * is thrown.
 */
export async function finishProviderSignIn(
  client: Client,
  { link, browser = page }: Returning = {},
): Promise<Answer<'POST /auth/oauth/exchange'> | null> {
  const kept = await browser.storage.get()
  if (!kept) return null
  await browser.storage.set('')
  const url = new URL(link ?? location.href)
  const { code, error } = Object.fromEntries(url.searchParams)
  if (link === undefined) {
    for (const name of ['code', 'error']) url.searchParams.delete(name)
    history.replaceState(history.state, '', url)
  }
  if (error !== undefined) throw new PosternError(error as RefusalCode)
  if (code === undefined) return null
  const body = kept === LINKING ? { code } : { code, codeVerifier: kept }
  return await client.request('POST /auth/oauth/exchange', { body })
}
