import { createGitHub } from './github.ts'
import { createGoogle } from './google.ts'
import { createLinkedIn } from './linkedin.ts'
import { createMicrosoft } from './microsoft.ts'
import { createOpenIdConnect, type OpenIdConnectSettings } from './openid-connect.ts'
import type { OAuthProvider, ProviderClient } from './provider.ts'
import { ProviderError } from './provider-error.ts'
import { isTrustworthyUrl } from './trustworthy-url.ts'

/**
 * The providers that come with Postern, in the order in which they are listed. A further one is its own file and its
 * line here: the variables that turn it on, and the ids that are taken, follow from this table.
 */
const BUILT_IN = {
  google: createGoogle,
  github: createGitHub,
  linkedin: createLinkedIn,
  microsoft: createMicrosoft,
} as const satisfies Record<string, (client: ProviderClient) => OAuthProvider>
type BuiltInProviderId = keyof typeof BUILT_IN
export const BUILT_IN_IDS = Object.keys(BUILT_IN) as readonly BuiltInProviderId[]

/** The names of the two variables that turn a built-in provider on: `GOOGLE_CLIENT_ID` and `GOOGLE_CLIENT_SECRET`. */
export function toClientVariables(id: BuiltInProviderId) {
  const prefix = id.toUpperCase() as Uppercase<BuiltInProviderId>
  return { clientId: `${prefix}_CLIENT_ID`, clientSecret: `${prefix}_CLIENT_SECRET` } as const
}
export type ClientVariable = ReturnType<typeof toClientVariables>['clientId' | 'clientSecret']

const PROVIDER_ID = /^[a-z0-9-]{1,32}$/
/** `GET /auth/oauth/providers` and `POST /auth/oauth/exchange` are routes of their own. */
const RESERVED_IDS = new Set(['providers', 'exchange'])

export interface ProviderSettings {
  /** The clients of the built-in providers that are on. */
  builtIn: Partial<Record<BuiltInProviderId, ProviderClient>>
  oidc: readonly OpenIdConnectSettings[]
  /** Lets issuers be http on loopback. Development only. */
  allowInsecure: boolean
}

/**
 * The configured providers by id, built-in ones first. Asks nothing of the network, so it can be built once for an
 * isolate.
 * @throws {ProviderError} `provider_misconfigured`, its `reason` naming the entry of `OIDC_PROVIDERS` and the rule it
 * breaks.
 */
export function buildProviders(settings: ProviderSettings): ReadonlyMap<string, OAuthProvider> {
  const providers = new Map<string, OAuthProvider>()
  for (const id of BUILT_IN_IDS) {
    const client = settings.builtIn[id]
    if (client !== undefined) providers.set(id, BUILT_IN[id](client))
  }
  for (const [index, entry] of settings.oidc.entries()) {
    const refuse = (rule: string) => new ProviderError('provider_misconfigured', `entry ${index + 1}: ${rule}`)
    if (!PROVIDER_ID.test(entry.id)) throw refuse('id must be 1 to 32 lower-case letters, digits and hyphens')
    if (RESERVED_IDS.has(entry.id) || Object.hasOwn(BUILT_IN, entry.id)) throw refuse('id is taken by Postern itself')
    if (providers.has(entry.id)) throw refuse('id is there twice')
    if (!isTrustworthyUrl(entry.issuer, settings) || entry.issuer.includes('?'))
      throw refuse('issuer must be an https URL without query, fragment or userinfo')
    providers.set(entry.id, createOpenIdConnect(entry))
  }
  return providers
}
