import { createGitHub } from './github.ts'
import { createGoogle } from './google.ts'
import { createLinkedIn } from './linkedin.ts'
import { createMicrosoft } from './microsoft.ts'
import type { OAuthProvider, ProviderClient } from './provider.ts'

/**
 * The providers that come with Postern, in the order in which they are listed. A further provider needs a file of its
 * own and a line here: the variables that turn it on, and the ids that are taken, follow from this table.
 */
export const BUILT_IN = {
  google: createGoogle,
  github: createGitHub,
  linkedin: createLinkedIn,
  microsoft: createMicrosoft,
} as const satisfies Record<string, (client: ProviderClient) => OAuthProvider>
export type BuiltInProviderId = keyof typeof BUILT_IN
export const BUILT_IN_IDS = Object.keys(BUILT_IN) as readonly BuiltInProviderId[]

/**
 * Gives the names of the two variables that turn a built-in provider on, such as `GOOGLE_CLIENT_ID` and
 * `GOOGLE_CLIENT_SECRET`.
 */
export function toClientVariables(id: BuiltInProviderId) {
  const prefix = id.toUpperCase() as Uppercase<BuiltInProviderId>
  return { clientId: `${prefix}_CLIENT_ID`, clientSecret: `${prefix}_CLIENT_SECRET` } as const
}
export type ClientVariable = ReturnType<typeof toClientVariables>['clientId' | 'clientSecret']
