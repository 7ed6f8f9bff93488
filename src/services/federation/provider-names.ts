import type { Platform } from '../../platform/platform.ts'

/** What people call each configured provider, by its id. */
export const providerNames = ({ providers }: Pick<Platform, 'providers'>): ReadonlyMap<string, string> =>
  new Map([...providers.values()].map(({ id, name }) => [id, name]))
