import * as z from 'zod'
import type { Secrets } from './derived-key.ts'
import { seal, unseal } from './sealed.ts'
import { readSeals, sealUnderEach } from './stored-seals.ts'

/** The stored form of a secret. `sealedFor` lists the versions of `AUTH_SECRET` that open it, in order. */
export interface SealedTotpSecret {
  seals: string
  sealedFor: string
}

const purposeFor = (userId: string) => ({ name: 'totp', userId })

/** Lists the versions of the secret as they are stored, whichever of them comes first. */
export const listVersions = (secrets: Secrets): string =>
  secrets
    .map(({ version }) => version)
    .sort()
    .join(',')

/**
 * Seals the secret of a user's app under every version, so that Workers with the old list and with the new one open it
 * while they run side by side. It opens for this user alone.
 */
export async function sealTotpSecret(secrets: Secrets, userId: string, secret: string): Promise<SealedTotpSecret> {
  const seals = await sealUnderEach(secrets, (version) => seal([version], purposeFor(userId), secret))
  return { seals: JSON.stringify(seals), sealedFor: listVersions(secrets) }
}

/** Opens a user's secret with any of the versions; null where none opens it. */
export async function openTotpSecret(secrets: Secrets, userId: string, seals: string): Promise<string | null> {
  for (const sealed of Object.values(readSeals(seals))) {
    const secret = await unseal(secrets, purposeFor(userId), String(sealed), z.string())
    if (secret !== null) return secret
  }
  return null
}
