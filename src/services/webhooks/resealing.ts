import { listVersions } from '../../crypto/stored-seals.ts'
import { openWebhookSecret, sealWebhookSecret } from '../../crypto/webhook-seals.ts'
import { logError } from '../../platform/log.ts'
import type { Reading } from '../../platform/platform.ts'
import { listWebhookSecretsToReseal, resealWebhookSecretStatement } from '../../storage/webhooks/webhooks.ts'

/**
 * Seals the secrets of webhooks under every version of `AUTH_SECRET` that the list has now, and under no other, so that
 * a version can be dropped. There are never many (`MAX_WEBHOOKS`).
 */
export async function resealWebhookSecrets({ db, settings: { secrets } }: Reading): Promise<void> {
  const sealedFor = listVersions(secrets)
  for (const { id, webhookId, seals } of await listWebhookSecretsToReseal(db, sealedFor)) {
    const secret = await openWebhookSecret(secrets, webhookId, seals)
    if (secret === null) logError('webhook not usable', new Error('no version of AUTH_SECRET opens it'), { webhookId })
    else await resealWebhookSecretStatement(db, { id, ...(await sealWebhookSecret(secrets, webhookId, secret)) })
  }
}
