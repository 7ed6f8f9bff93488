import { describe, expect, it } from 'vitest'
import { isAuthoritativeFor } from '../../../src/oauth-providers/email-authority.ts'

const google = {
  issuer: 'https://accounts.google.com',
  email: 'anna@gmail.com',
  emailVerified: true,
  hostedDomain: null as string | null,
}
const acme = {
  issuer: 'https://login.acme.example',
  email: 'anna@acme.example',
  emailVerified: true,
  hostedDomain: null,
}

describe('who may speak for an address (ASVS 6.8.1, GHSA-g38m-r43w-p2q7, CVE-2026-31813)', () => {
  it.each(['gmail.com', 'googlemail.com'])('Google for %s', (domain) => {
    expect(isAuthoritativeFor({ ...google, email: `anna@${domain}` }, domain, [])).toBe(true)
  })

  it('Google for the Workspace domain that manages the account', () => {
    const identity = { ...google, email: 'anna@Example.com', hostedDomain: 'example.com' }
    expect(isAuthoritativeFor(identity, 'example.com', [])).toBe(true)
  })

  it('a configured issuer for the domains it lists', () => {
    expect(isAuthoritativeFor(acme, 'acme.example', ['acme.example', 'acme.test'])).toBe(true)
  })

  it.each<[string, Parameters<typeof isAuthoritativeFor>]>([
    ['Google for an address elsewhere, though verified', [{ ...google, email: 'a@example.com' }, 'example.com', []]],
    [
      "Google for another domain than the organisation's",
      [{ ...google, email: 'a@example.com', hostedDomain: 'other.example' }, 'example.com', []],
    ],
    [
      "Google for a subdomain of the organisation's",
      [{ ...google, email: 'a@sub.example.com', hostedDomain: 'example.com' }, 'sub.example.com', []],
    ],
    ['Google for an unverified address', [{ ...google, emailVerified: false }, 'gmail.com', []]],
    ['Google without an address', [{ ...google, email: null }, 'gmail.com', []]],
    ["Google for another account's domain", [google, 'example.com', []]],
    ["somebody else for Google's domain", [{ ...google, issuer: acme.issuer }, 'gmail.com', []]],
    ['somebody else with a hosted domain', [{ ...acme, hostedDomain: 'acme.example' }, 'acme.example', []]],
    ['GitHub', [{ ...acme, issuer: 'https://github.com' }, 'acme.example', []]],
    ['an issuer without listed domains', [acme, 'acme.example', []]],
    ['an issuer for a domain it does not list', [acme, 'acme.example', ['acme.test']]],
    [
      'an issuer for a subdomain of a listed one',
      [{ ...acme, email: 'a@x.acme.example' }, 'x.acme.example', ['acme.example']],
    ],
    ['an issuer for an unverified address', [{ ...acme, emailVerified: false }, 'acme.example', ['acme.example']]],
    [
      'an issuer for an address with two @',
      [{ ...acme, email: 'a@evil@acme.example' }, 'acme.example', ['acme.example']],
    ],
    ['an issuer for no domain', [{ ...acme, email: 'a@' }, '', ['']]],
  ])('not %s', (_, input) => {
    expect(isAuthoritativeFor(...input)).toBe(false)
  })
})
