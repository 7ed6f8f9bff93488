import { describe, expect, it } from 'vitest'
import { readCode } from '../../../src/oauth-providers/callback.ts'
import { ProviderError, type ProviderErrorCode } from '../../../src/oauth-providers/provider-error.ts'
import { STATE } from './support.ts'

const ORIGIN = 'https://accounts.example'
const base = { redirectUri: 'https://auth.example.com/cb', state: STATE, nonce: 'n', codeVerifier: 'v', now: 0 }
const read = (query: string, state = STATE) =>
  readCode({ ...base, state, parameters: new URLSearchParams(query) }, ORIGIN)
const codeOf = (query: string, state?: string): ProviderErrorCode | 'accepted' => {
  try {
    read(query, state)
    return 'accepted'
  } catch (error) {
    return error instanceof ProviderError ? error.code : 'accepted'
  }
}

describe('callback of a provider (RFC 6749 §4.1.2, RFC 9207, RFC 9700 §4.7)', () => {
  it('answers the code', () => {
    expect(read(`code=abc&state=${STATE}&iss=${encodeURIComponent(ORIGIN)}&scope=email`)).toBe('abc')
  })

  it.each<[string, string, ProviderErrorCode]>([
    ['without state', 'code=abc', 'invalid_state'],
    ['with another state', 'code=abc&state=foreign', 'invalid_state'],
    ['with a longer state', `code=abc&state=${STATE}x`, 'invalid_state'],
    ['with two states', `code=abc&state=${STATE}&state=foreign`, 'invalid_state'],
    ['denied, but without state', 'error=access_denied', 'invalid_state'],
    ['denied', `error=access_denied&state=${STATE}`, 'access_denied'],
    ['cancelled at LinkedIn', `error=user_cancelled_login&state=${STATE}`, 'access_denied'],
    ['of a provider in trouble', `error=temporarily_unavailable&state=${STATE}`, 'provider_unavailable'],
    ['with an unregistered redirect URL', `error=redirect_uri_mismatch&state=${STATE}`, 'provider_misconfigured'],
    ['with an unknown error', `error=%0d%0ax%3A%20y&state=${STATE}`, 'invalid_provider_response'],
    ['with error and code', `error=access_denied&code=abc&state=${STATE}`, 'access_denied'],
    ['from another issuer', `code=abc&state=${STATE}&iss=https://evil.example`, 'invalid_provider_response'],
    ['with an issuer that is no URL', `code=abc&state=${STATE}&iss=x`, 'invalid_provider_response'],
    ['with two issuers', `code=abc&state=${STATE}&iss=${ORIGIN}&iss=https://evil.example`, 'invalid_provider_response'],
    ['without code', `state=${STATE}`, 'invalid_provider_response'],
    ['with an empty code', `code=&state=${STATE}`, 'invalid_provider_response'],
    ['with two codes', `code=a&code=b&state=${STATE}`, 'invalid_provider_response'],
    ['with a code of 5000 characters', `code=${'a'.repeat(5000)}&state=${STATE}`, 'invalid_provider_response'],
  ])('refuses one %s', (_, query, code) => {
    expect(codeOf(query)).toBe(code)
  })

  it('never matches an empty state with an empty one', () => {
    expect(codeOf('code=abc&state=', '')).toBe('invalid_state')
  })

  it('repeats no text of the provider in what is logged', () => {
    try {
      read(`error=<script>%0d%0a&state=${STATE}`)
      expect.unreachable()
    } catch (error) {
      expect((error as ProviderError).reason).toBe('authorization endpoint: unknown error')
    }
  })
})
