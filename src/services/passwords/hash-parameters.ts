import { sealHashParameters } from '../../crypto/hash-parameter-seals.ts'
import { type HashParameters, nameHashParameters } from '../../crypto/password-hash/parameters.ts'
import type { Reading } from '../../platform/platform.ts'
import { putHashParametersStatement } from '../../storage/accounts/hash-parameters.ts'

/**
 * Makes the statement that keeps the parameters of imported hashes, sealed. It stands in every batch that stores such
 * hashes, so that none refers to parameters that are not there.
 */
export async function keepHashParametersStatement(
  { db, settings, now }: Pick<Reading, 'db' | 'settings' | 'now'>,
  parameters: HashParameters,
) {
  const sealed = await sealHashParameters(settings.secrets, parameters)
  return putHashParametersStatement(db, { id: nameHashParameters(parameters), ...sealed, importedAt: now() })
}
