import type { ImportedIdentity } from '../../contracts/import.ts'
import type { Platform } from '../../platform/platform.ts'
import type { ImportRow } from '../../storage/import.ts'
import { newId } from '../identifiers.ts'
import { LineFault } from './outcome.ts'

/** Microsoft's issuer has this in the place of the tenant. */
const TENANT = '{tenantid}'
const TENANT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Reads who somebody is at providers. The provider has to be configured, because an identity is found by its issuer,
 * which only the configuration knows. None counts as proof of the address: what proved it is not known here.
 * @throws {LineFault}
 */
export function readIdentities(
  { providers }: Pick<Platform, 'providers'>,
  given: readonly ImportedIdentity[],
  { userId, createdAt }: { userId: string; createdAt: number },
): ImportRow['identities'] {
  const read: ImportRow['identities'][number][] = []
  for (const { provider: id, subject, issuer } of given) {
    const provider = providers.get(id)
    if (provider === undefined) throw new LineFault('unknown_provider')
    const known = findIssuer(provider.issuer, issuer ?? null)
    if (known === null || read.some(({ provider: other }) => other === id)) throw new LineFault('invalid_identities')
    const whose = { userId, provider: id, issuer: known, subject, email: null }
    read.push({ id: newId(), ...whose, how: 'imported', createdAt, lastUsedAt: createdAt })
  }
  return read
}

/** Gives the issuer of an identity: the provider's own, or the named one where each tenant has another. */
function findIssuer(known: string, named: string | null): string | null {
  if (!known.includes(TENANT)) return named === null || named === known ? known : null
  const [before = '', after = ''] = known.split(TENANT)
  const tenant = named?.slice(before.length, named.length - after.length) ?? ''
  return TENANT_ID.test(tenant) && named === `${before}${tenant}${after}` ? named : null
}
