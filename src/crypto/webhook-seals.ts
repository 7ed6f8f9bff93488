import type { Secrets } from './derived-key.ts'
import { openText, type SealedText, sealText } from './stored-seals.ts'

const purposeFor = (ownerId: string) => ({ name: 'webhook', ownerId })

/** Seals a secret of a webhook under every version of `AUTH_SECRET`. It opens for this webhook alone. */
export const sealWebhookSecret = (secrets: Secrets, webhookId: string, secret: string): Promise<SealedText> =>
  sealText(secrets, purposeFor(webhookId), secret)

/** Opens a secret of a webhook with any of the versions; null where none opens it. */
export const openWebhookSecret = (secrets: Secrets, webhookId: string, seals: string): Promise<string | null> =>
  openText(secrets, purposeFor(webhookId), seals)
