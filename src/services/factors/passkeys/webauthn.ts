import type { AuthenticatorTransport } from '@simplewebauthn/server'

/** The standard adds names of transports, so a browser may send one that the library does not list. */
export type Transport = AuthenticatorTransport

/** The algorithms of COSE that every runtime of this project verifies: Ed25519, ES256 and RS256. */
export const ALGORITHMS = [-8, -7, -257] as const

/**
 * Loads SimpleWebAuthn when the first ceremony needs it, so that a Worker which starts for any other request does not
 * evaluate its certificate parsers (docs/decisions/0020-passkeys.md).
 */
export const loadWebAuthn = () => import('@simplewebauthn/server')
export const loadWebAuthnHelpers = () => import('@simplewebauthn/server/helpers')
