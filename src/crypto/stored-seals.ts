import type { SecretVersion } from './derived-key.ts'

/** What each version of `AUTH_SECRET` sealed of a value, by version, as in `v2`. It is stored as JSON. */
export type StoredSeals<Seal> = Readonly<Record<string, Seal>>

/** Seals a value under every version, so that Workers with the old list and with the new one open it side by side. */
export async function sealUnderEach<Seal>(
  secrets: readonly SecretVersion[],
  sealIt: (version: SecretVersion) => Promise<Seal>,
): Promise<StoredSeals<Seal>> {
  return Object.fromEntries(
    await Promise.all(secrets.map(async (version) => [version.version, await sealIt(version)] as const)),
  )
}

/** Reads stored seals. A damaged row gives none, because it must not stop the rows beside it. */
export function readSeals<Seal>(stored: string): StoredSeals<Seal> {
  try {
    return Object(JSON.parse(stored)) as StoredSeals<Seal>
  } catch {
    return {}
  }
}
