import * as z from 'zod'
import { seal, unseal } from '../../crypto/sealed.ts'
import { onDemand } from '../../domain/on-demand.ts'
import type { Settings } from '../../env.ts'
import type { ProviderIdentity, ProviderTokens } from '../../oauth-providers/provider.ts'

const SEAL_PURPOSE = 'provider-tokens'
const KeptTokens = onDemand(() =>
  z.object({
    issuer: z.string(),
    subject: z.string(),
    tokens: z.object({
      accessToken: z.string(),
      refreshToken: z.string().nullable(),
      expiresAt: z.number().nullable(),
    }),
  }),
)

/** Seals the provider's tokens for the database. The answer is null unless `KEEP_PROVIDER_TOKENS` asks to keep them. */
export async function sealProviderTokens(settings: Settings, identity: ProviderIdentity): Promise<string | null> {
  if (!settings.keepProviderTokens) return null
  const { issuer, subject, tokens } = identity
  return await seal(settings.secrets, SEAL_PURPOSE, { issuer, subject, tokens })
}

/**
 * Opens kept tokens. The answer is null where they were sealed for another identity, or under a secret that is gone.
 */
export async function openProviderTokens(
  settings: Settings,
  identity: Pick<ProviderIdentity, 'issuer' | 'subject'>,
  sealed: string,
): Promise<ProviderTokens | null> {
  const kept = await unseal(settings.secrets, SEAL_PURPOSE, sealed, KeptTokens)
  return kept?.issuer === identity.issuer && kept.subject === identity.subject ? kept.tokens : null
}
