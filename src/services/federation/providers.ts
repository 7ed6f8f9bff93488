import { RETRY_AFTER_SECONDS } from '../../config.ts'
import { Refusal } from '../../errors.ts'
import type { OAuthProvider } from '../../oauth-providers/provider.ts'
import { ProviderError } from '../../oauth-providers/provider-error.ts'
import { logWarning } from '../../platform/log.ts'
import type { Platform } from '../../platform/platform.ts'

/** Finds a configured provider by its id. @throws {Refusal} `not_found` for one that is not configured. */
export function findProvider({ providers }: Pick<Platform, 'providers'>, id: string): OAuthProvider {
  const provider = providers.get(id)
  if (!provider) throw new Refusal('not_found', { reason: 'no such provider' })
  return provider
}

/**
 * Builds the callback URL of a provider. Each provider has its own, which defeats mix-up attacks (RFC 9700 §4.4.2), and
 * it is never taken from a request.
 */
export function toCallbackUrl({ settings }: Pick<Platform, 'settings'>, providerId: string): string {
  return `${settings.issuer}/auth/oauth/${providerId}/callback`
}

/**
 * Passes a provider's failure on as a refusal. Everybody sees its code; its reason, which is a fixed text, goes to the
 * log.
 */
export async function askProvider<Answer>(
  { requester, settings }: Pick<Platform, 'requester' | 'settings'>,
  provider: string,
  question: Promise<Answer>,
): Promise<Answer> {
  try {
    return await question
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    const { code, reason } = error
    logWarning(settings, 'provider failed', { requestId: requester.requestId, provider, code, reason })
    const isTransient = code === 'provider_unavailable' || code === 'provider_misconfigured'
    throw new Refusal(code, { reason, ...(isTransient ? { retryAfterSeconds: RETRY_AFTER_SECONDS } : {}) })
  }
}

/** Gives the name of each configured provider by its id, as people know it. */
export const providerNames = ({ providers }: Pick<Platform, 'providers'>): ReadonlyMap<string, string> =>
  new Map([...providers.values()].map(({ id, name }) => [id, name]))
