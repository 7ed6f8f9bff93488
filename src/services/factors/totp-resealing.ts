import { TOTP_RESEAL_BATCH, TOTP_RESEAL_BATCHES } from '../../config.ts'
import { listVersions } from '../../crypto/stored-seals.ts'
import { openTotpSecret, sealTotpSecret } from '../../crypto/totp-seals.ts'
import { logError, logInfo } from '../../platform/log.ts'
import type { Reading } from '../../platform/platform.ts'
import { listTotpSecretsToReseal, resealTotpStatement } from '../../storage/factors/totp.ts'

/**
 * Seals the secrets of authenticator apps under every version of `AUTH_SECRET` that the list has now, and under no
 * other, so that a version can be dropped. It does so in bounded steps; the rest waits for the next run of the cron.
 */
export async function resealTotpSecrets(deps: Reading): Promise<void> {
  const { secrets } = deps.settings
  const sealedFor = listVersions(secrets)
  let resealed = 0
  let lost = 0
  let after = ''
  for (let batch = 0; batch < TOTP_RESEAL_BATCHES; batch += 1) {
    const found = await listTotpSecretsToReseal(deps.db, { sealedFor, after, limit: TOTP_RESEAL_BATCH })
    const opened = await Promise.all(
      found.map(async ({ userId, seals }) => {
        const secret = await openTotpSecret(secrets, userId, seals)
        return secret === null
          ? []
          : [{ userId, seals, newSeals: (await sealTotpSecret(secrets, userId, secret)).seals }]
      }),
    )
    const rows = opened.flat()
    if (rows.length > 0) resealed += (await resealTotpStatement(deps.db, rows, sealedFor)).length
    lost += found.length - rows.length
    after = found.at(-1)?.userId ?? after
    if (found.length < TOTP_RESEAL_BATCH) break
  }
  if (resealed > 0) logInfo(deps.settings, 'authenticator apps sealed anew', { resealed, sealedFor })
  if (lost > 0) logError('authenticator apps not usable', new Error('no version of AUTH_SECRET opens them'), { lost })
}
