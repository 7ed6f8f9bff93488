/**
 * A rights version is a random number of 52 bits that stands for what a user, or a role, may do at present. Whatever
 * changes that replaces the number, and tells the blocklist the former one. It is random, and counts nothing, so that
 * no number comes back with a role that is made again under its old name (docs/decisions/0018-blocklist.md).
 */

/** Writes the versions that a token was made from, those of its user and of their roles, as one short claim. */
export const toRightsClaim = (versions: readonly number[]): string =>
  versions.map((version) => version.toString(36)).join('.')

/** Reads the versions from the claim. A token without the claim was made from none. */
export const readRightsClaim = (claim: string | undefined): number[] =>
  claim === undefined ? [] : claim.split('.').map((version) => Number.parseInt(version, 36))
