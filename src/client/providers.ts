import type { RefusalCode } from './api-types.ts'
import type { Client } from './client.ts'
import { encode } from './passkeys.ts'
import { PosternError } from './problem.ts'
import type { Answer } from './send.ts'

/** The verifier is kept here while the browser is at the provider. It is this tab's alone. */
const VERIFIER_KEY = 'postern:verifier'
const VERIFIER_BYTES = 32

interface Leaving {
  /** Where to come back to, on the service's list of redirects. Without it, this page. */
  redirectTo?: string
}

const here = () => location.origin + location.pathname

/** Leaves the page for a provider's. The verifier of this sign-in stays here (RFC 7636). */
export async function signInWithProvider(
  client: Client,
  provider: string,
  { redirectTo = here() }: Leaving = {},
): Promise<void> {
  const verifier = encode(crypto.getRandomValues(new Uint8Array(VERIFIER_BYTES)).buffer)
  const codeChallenge = encode(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)))
  sessionStorage.setItem(VERIFIER_KEY, verifier)
  const query = new URLSearchParams({ redirectTo, delivery: client.delivery, codeChallenge })
  location.assign(`${client.baseUrl}/auth/oauth/${encodeURIComponent(provider)}?${query}`)
}

/** Leaves the page to link a provider to the account of whoever is signed in. It needs a recent login. */
export async function linkProvider(client: Client, provider: string, { redirectTo = here() }: Leaving = {}) {
  const { url } = await client.request('POST /auth/oauth/{provider}/link', { path: { provider }, body: { redirectTo } })
  sessionStorage.setItem(VERIFIER_KEY, '')
  location.assign(url)
}

/**
 * Completes what brought the browser back to this page: call it before the page is shown. It answers null where this
 * tab did not leave for a provider, and otherwise the session, or what a second factor needs. A refusal is thrown.
 */
export async function finishProviderSignIn(client: Client): Promise<Answer<'POST /auth/oauth/exchange'> | null> {
  const verifier = sessionStorage.getItem(VERIFIER_KEY)
  if (verifier === null) return null
  sessionStorage.removeItem(VERIFIER_KEY)
  const url = new URL(location.href)
  const { code, error } = Object.fromEntries(url.searchParams)
  for (const name of ['code', 'error']) url.searchParams.delete(name)
  history.replaceState(history.state, '', url)
  if (error !== undefined) throw new PosternError(error as RefusalCode)
  if (code === undefined) return null
  const body = verifier === '' ? { code } : { code, codeVerifier: verifier }
  return await client.request('POST /auth/oauth/exchange', { body })
}
