import type { Settings } from '../../env.ts'

/** How much of the hash of a picture its URL names. */
const VERSION_LENGTH = 16

/** Gives the hash of a picture's content, by which caches know it. */
export const contentHash = (key: string): string => key.slice(0, key.indexOf('/'))

/** Names the content of a picture in its URL, so that a new picture has a new URL and each may be cached. */
export const pictureVersion = (key: string): string => key.slice(0, VERSION_LENGTH)

/** Gives the URL of an account's picture; null where it has none. */
export function pictureUrl(settings: Pick<Settings, 'issuer'>, account: { id: string; pictureKey: string }): string
export function pictureUrl(
  settings: Pick<Settings, 'issuer'>,
  account: { id: string; pictureKey: string | null },
): string | null
export function pictureUrl(
  { issuer }: Pick<Settings, 'issuer'>,
  { id, pictureKey }: { id: string; pictureKey: string | null },
): string | null {
  return pictureKey === null ? null : `${issuer}/users/${id}/picture?v=${pictureVersion(pictureKey)}`
}
