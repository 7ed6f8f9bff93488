import { BUILT_IN, BUILT_IN_IDS, type BuiltInProviderId } from './built-in.ts'
import type { ConfiguredIssuer } from './configured-issuers.ts'
import { createOpenIdConnect } from './openid-connect.ts'
import type { OAuthProvider, ProviderClient } from './provider.ts'

export interface ProviderSettings {
  /** The clients of the built-in providers that are turned on. */
  builtIn: Partial<Record<BuiltInProviderId, ProviderClient>>
  /** The entries of `OIDC_PROVIDERS`, checked. */
  oidc: readonly ConfiguredIssuer[]
}

/**
 * Builds the configured providers by id, the built-in ones first. It asks nothing of the network, so an isolate can
 * build them once.
 */
export function buildProviders({ builtIn, oidc }: ProviderSettings): ReadonlyMap<string, OAuthProvider> {
  const providers = [
    ...BUILT_IN_IDS.flatMap((id) => (builtIn[id] ? BUILT_IN[id](builtIn[id]) : [])),
    ...oidc.map(createOpenIdConnect),
  ]
  return new Map(providers.map((provider) => [provider.id, provider]))
}
