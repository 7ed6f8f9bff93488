import * as z from 'zod'
import { openHashParameters, sealHashParameters } from '../../crypto/hash-parameter-seals.ts'
import { putInParametersOfImported } from '../../crypto/password-hash/imported.ts'
import { type HashParameters, nameHashParameters } from '../../crypto/password-hash/parameters.ts'
import { listVersions } from '../../crypto/stored-seals.ts'
import { onDemand } from '../../domain/on-demand.ts'
import { logError } from '../../platform/log.ts'
import type { Reading } from '../../platform/platform.ts'
import type { Credentials } from '../../storage/accounts/credentials.ts'
import {
  listHashParametersToReseal,
  putHashParametersStatement,
  resealHashParametersStatement,
} from '../../storage/accounts/hash-parameters.ts'

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

const KeptParameters = onDemand(() => z.object({ id: z.string(), seals: z.string() }))

/**
 * Gives the hash of an account in the form in which a password is verified: with its parameters, where it refers to
 * some. A hash whose parameters are lost verifies no password.
 */
export async function readUsableHash(
  { settings }: Pick<Reading, 'settings'>,
  { passwordHash, hashParameters }: Pick<Credentials, 'passwordHash' | 'hashParameters'>,
): Promise<string | null> {
  if (passwordHash === null || hashParameters === null) return passwordHash
  const { id, seals } = KeptParameters.parse(JSON.parse(hashParameters))
  const parameters = await openHashParameters(settings.secrets, id, seals)
  if (parameters !== null) return putInParametersOfImported(passwordHash, parameters)
  logError('hash parameters not usable', new Error('no version of AUTH_SECRET opens them'), { id })
  return null
}

/** Seals parameters anew under the versions of `AUTH_SECRET` that the list has now. There are never many. */
export async function resealHashParameters({ db, settings: { secrets } }: Reading): Promise<void> {
  const sealedFor = listVersions(secrets)
  for (const { id, seals } of await listHashParametersToReseal(db, sealedFor)) {
    const parameters = await openHashParameters(secrets, id, seals)
    if (parameters === null)
      logError('hash parameters not usable', new Error('no version of AUTH_SECRET opens them'), { id })
    else await resealHashParametersStatement(db, { id, ...(await sealHashParameters(secrets, parameters)) })
  }
}
