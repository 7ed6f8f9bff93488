import * as z from 'zod'
import { readStoredObject } from '../domain/stored-object.ts'
import type { Secrets, SecretVersion } from './derived-key.ts'
import { type OwnedPurpose, seal, unseal } from './sealed.ts'

/** What each version of `AUTH_SECRET` sealed of a value, by version, as in `v2`. It is stored as JSON. */
export type StoredSeals<Seal> = Readonly<Record<string, Seal>>

/** The stored form of a sealed text. `sealedFor` lists the versions of `AUTH_SECRET` that open it, in order. */
export interface SealedText {
  seals: string
  sealedFor: string
}

/** Seals a value under every version, so that Workers with the old list and with the new one open it side by side. */
export async function sealUnderEach<Seal>(
  secrets: readonly SecretVersion[],
  sealIt: (version: SecretVersion) => Promise<Seal>,
): Promise<StoredSeals<Seal>> {
  return Object.fromEntries(
    await Promise.all(secrets.map(async (version) => [version.version, await sealIt(version)] as const)),
  )
}

/** Lists the versions of the secret as they are stored, whichever of them comes first. */
export const listVersions = (secrets: Secrets): string =>
  secrets
    .map(({ version }) => version)
    .sort()
    .join(',')

/** Seals a text under every version. It opens for its owner alone. */
export async function sealText(secrets: Secrets, purpose: OwnedPurpose, text: string): Promise<SealedText> {
  const seals = await sealUnderEach(secrets, (version) => seal([version], purpose, text))
  return { seals: JSON.stringify(seals), sealedFor: listVersions(secrets) }
}

/** Opens a sealed text with any of the versions; null where none opens it. */
export async function openText(secrets: Secrets, purpose: OwnedPurpose, seals: string): Promise<string | null> {
  for (const sealed of Object.values(readStoredObject(seals))) {
    const text = await unseal(secrets, purpose, String(sealed), z.string())
    if (text !== null) return text
  }
  return null
}
