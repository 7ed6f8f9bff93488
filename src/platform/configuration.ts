import { ConfigurationError, parseSettings, type Settings } from '../env.ts'
import type { OAuthProvider } from '../oauth-providers/provider.ts'
import { buildProviders } from '../oauth-providers/registry.ts'

export interface Configuration {
  settings: Settings
  /** The configured providers to sign in with, by id. */
  providers: ReadonlyMap<string, OAuthProvider>
}

/**
 * Reads and checks what a deployment chose: its variables, its providers, and whether the bindings are there that they
 * need. The Worker serves nothing when this refuses, and the scripts ask it before a deployment.
 * @throws {ConfigurationError} naming each variable at fault and its rule.
 */
export function readConfiguration(env: Readonly<Record<string, unknown>>): Configuration {
  const settings = parseSettings(env)
  if (settings.mail.transport === 'binding' && env.SEND_EMAIL === undefined)
    throw new ConfigurationError([
      { variable: 'MAIL_TRANSPORT', rule: 'binding needs the binding SEND_EMAIL (send_email in wrangler.toml)' },
    ])
  return { settings, providers: buildProviders(settings.providers) }
}
