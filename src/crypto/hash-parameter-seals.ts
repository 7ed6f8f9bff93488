import * as z from 'zod'
import { onDemand } from '../domain/on-demand.ts'
import type { Secrets } from './derived-key.ts'
import { type HashParameters, nameHashParameters } from './password-hash/parameters.ts'
import { openText, type SealedText, sealText } from './stored-seals.ts'

const purposeFor = (ownerId: string) => ({ name: 'hash_parameters', ownerId })

const SealedParameters = onDemand(() =>
  z.object({
    firebaseScrypt: z.object({ signerKey: z.string(), saltSeparator: z.string(), rounds: z.int(), memCost: z.int() }),
  }),
)

/** Seals parameters of imported hashes under every version of `AUTH_SECRET`. They open under their own name alone. */
export const sealHashParameters = (secrets: Secrets, parameters: HashParameters): Promise<SealedText> =>
  sealText(secrets, purposeFor(nameHashParameters(parameters)), JSON.stringify(parameters))

/** Opens parameters of imported hashes with any of the versions; null where none opens them. */
export async function openHashParameters(secrets: Secrets, id: string, seals: string): Promise<HashParameters | null> {
  const text = await openText(secrets, purposeFor(id), seals)
  return text === null ? null : SealedParameters.parse(JSON.parse(text))
}
