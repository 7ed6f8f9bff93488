import type { Secrets } from './derived-key.ts'
import { openText, type SealedText, sealText } from './stored-seals.ts'

const purposeFor = (ownerId: string) => ({ name: 'totp', ownerId })

/**
 * Seals the secret of a user's app under every version, so that Workers with the old list and with the new one open it
 * while they run side by side. It opens for this user alone.
 */
export const sealTotpSecret = (secrets: Secrets, userId: string, secret: string): Promise<SealedText> =>
  sealText(secrets, purposeFor(userId), secret)

/** Opens a user's secret with any of the versions; null where none opens it. */
export const openTotpSecret = (secrets: Secrets, userId: string, seals: string): Promise<string | null> =>
  openText(secrets, purposeFor(userId), seals)
