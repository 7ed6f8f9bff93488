import { describe, expect, it } from 'vitest'
import { ProviderError } from '../../../src/oauth-providers/provider-error.ts'
import { buildProviders, type ProviderSettings } from '../../../src/oauth-providers/registry.ts'
import { CLIENT } from './support.ts'

const none: ProviderSettings = { oidc: [], allowInsecure: false }
const acme = { id: 'acme', name: 'Acme', issuer: 'https://login.acme.example', ...CLIENT }
const reasonOf = (overrides: Partial<typeof acme>, allowInsecure = false): string | null => {
  try {
    buildProviders({ oidc: [{ ...acme, ...overrides }], allowInsecure })
    return null
  } catch (error) {
    expect(error).toBeInstanceOf(ProviderError)
    expect((error as ProviderError).code).toBe('provider_misconfigured')
    return (error as ProviderError).reason
  }
}

describe('providers of a deployment', () => {
  it('are none where none is configured', () => {
    expect(buildProviders(none).size).toBe(0)
  })

  it('are those that are configured, with their names', () => {
    const providers = buildProviders({ ...none, google: CLIENT, microsoft: CLIENT, github: undefined, oidc: [acme] })
    expect([...providers.values()].map(({ id, name }) => ({ id, name }))).toEqual([
      { id: 'google', name: 'Google' },
      { id: 'microsoft', name: 'Microsoft' },
      { id: 'acme', name: 'Acme' },
    ])
  })

  it('can be all four built-in ones', () => {
    const all = { google: CLIENT, github: CLIENT, linkedin: CLIENT, microsoft: CLIENT }
    expect([...buildProviders({ ...none, ...all }).keys()]).toEqual(['google', 'github', 'linkedin', 'microsoft'])
  })

  it.each(['', 'Acme', 'acme_1', 'a'.repeat(33), '../x', 'é'])('refuse the id %s', (id) => {
    expect(reasonOf({ id })).toMatch(/^entry 1: id must be/)
  })

  it.each(['google', 'github', 'linkedin', 'microsoft', 'providers', 'exchange'])(
    'refuse to let %s be shadowed',
    (id) => {
      expect(reasonOf({ id })).toBe('entry 1: id is taken by Postern itself')
    },
  )

  it('take an id that is only a name of Object.prototype', () => {
    expect(reasonOf({ id: 'constructor' })).toBeNull()
  })

  it('refuse two entries of one id', () => {
    expect(() => buildProviders({ ...none, oidc: [acme, acme] })).toThrow('entry 2: id is there twice')
  })

  it.each([
    'http://login.acme.example',
    'http://localhost:9000',
    'javascript:alert(1)',
    'https://user:secret@login.acme.example',
    'https://login.acme.example#x',
    'https://login.acme.example?x=1',
    'login.acme.example',
  ])('refuse the issuer %s', (issuer) => {
    expect(reasonOf({ issuer })).toMatch(/^entry 1: issuer must be/)
  })

  it.each(['http://localhost:9000', 'http://127.0.0.1:9000/realms/x'])('take %s in development only', (issuer) => {
    expect(reasonOf({ issuer }, true)).toBeNull()
    expect(reasonOf({ issuer }, false)).not.toBeNull()
  })

  it.each([
    'http://login.acme.example',
    'http://localhost.evil.example',
    'http://10.0.0.1',
    'http://127.0.0.1.evil.example',
  ])('refuse %s even in development', (issuer) => {
    expect(reasonOf({ issuer }, true)).not.toBeNull()
  })
})
