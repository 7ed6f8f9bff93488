import type { AuthenticatorTransport } from '@simplewebauthn/server'

/** The standard adds names of transports, so a browser may send one that the library does not list. */
export type Transport = AuthenticatorTransport

/** The algorithms of COSE that every runtime of this project verifies: Ed25519, ES256 and RS256. */
export const ALGORITHMS = [-8, -7, -257] as const

type WebAuthn = typeof import('@simplewebauthn/server')
type WebAuthnHelpers = typeof import('@simplewebauthn/server/helpers')

/** What the isolate has loaded. These are values, because no request may wait for the promise of another. */
let loaded: { main: WebAuthn; helpers: WebAuthnHelpers } | null = null

async function load() {
  loaded ??= { main: await import('@simplewebauthn/server'), helpers: await import('@simplewebauthn/server/helpers') }
  return loaded
}

/**
 * Loads SimpleWebAuthn when the first ceremony needs it, so that a Worker which starts for any other request does not
 * evaluate its certificate parsers (docs/decisions/0020-passkeys.md).
 */
export const loadWebAuthn = async (): Promise<WebAuthn> => (await load()).main
export const loadWebAuthnHelpers = async (): Promise<WebAuthnHelpers> => (await load()).helpers
