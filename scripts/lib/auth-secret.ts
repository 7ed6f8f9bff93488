import type { DeployedVersion } from './deployed.ts'

type Fingerprints = ReadonlyMap<string, string>

function parseFingerprints(text: string): Fingerprints {
  return new Map(text.split(',').map((part) => part.split('=') as [string, string]))
}

/**
 * Says why a list of `AUTH_SECRET` must not follow those that are deployed; null means that it may. Both are given as
 * `describeSecrets` writes them. Workers with the old and with the new list must be able to run side by side
 * (docs/operations.md, "Rotate").
 */
export function refuseSecretList(wanted: string, deployed: readonly DeployedVersion[]): string | null {
  for (const { secretNames, fingerprints } of deployed) {
    if (!secretNames.includes('AUTH_SECRET')) continue
    if (fingerprints === null)
      return 'Production holds an AUTH_SECRET that this command did not set, so nobody can tell whether it is the same.'
    const rule = compareLists(parseFingerprints(wanted), parseFingerprints(fingerprints))
    if (rule !== null) return rule
  }
  return null
}

function compareLists(wanted: Fingerprints, inUse: Fingerprints): string | null {
  for (const [version, fingerprint] of wanted)
    if (inUse.has(version) && inUse.get(version) !== fingerprint)
      return `${version} of AUTH_SECRET is deployed with another value. A new value needs a new number.`
  const [[maker] = []] = inUse
  if (maker !== undefined && !wanted.has(maker))
    return `The list lacks ${maker}, with which production makes its tokens: everybody would be signed out.`
  const [[first] = []] = wanted
  if (first !== undefined && !inUse.has(first))
    return `${first} is not accepted yet by what is deployed. Put it at the end of the list and deploy, then move it to the front.`
  return null
}

/** Answers the name of a version that none of the given lists has used. */
export function nextVersion(lists: readonly string[]): string {
  const numbers = lists.flatMap((list) => list.split(',').map((part) => Number(/^\s*v(\d+)/.exec(part)?.[1] ?? 0)))
  return `v${Math.max(0, ...numbers) + 1}`
}
