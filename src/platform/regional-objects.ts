import type { Settings } from '../env.ts'

/**
 * Finds an object by its name. An object stays for ever where it is first asked for, so all of them are asked for in
 * one region. Otherwise the first who asks, however far away, would decide where it lives, and the distance of a
 * throttle could tell whether a name has an account.
 */
export function openInRegion<Stub>(
  objects: { getByName(name: string, options: { locationHint: DurableObjectLocationHint }): Stub },
  name: string,
  region: Settings['region'],
): Stub {
  return objects.getByName(name, { locationHint: region })
}
