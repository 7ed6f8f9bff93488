import { describe, expect, it } from 'vitest'
import { ProviderError } from '../../../src/oauth-providers/provider-error.ts'
import {
  BUILT_IN_IDS,
  buildProviders,
  type ProviderSettings,
  toClientVariables,
} from '../../../src/oauth-providers/registry.ts'
import { CLIENT } from './support.ts'

const none: ProviderSettings = { builtIn: {}, oidc: [], allowInsecure: false }
const acme = { id: 'acme', name: 'Acme', issuer: 'https://login.acme.example', ...CLIENT }
const reasonOf = (overrides: Partial<typeof acme>, allowInsecure = false): string | null => {
  try {
    buildProviders({ builtIn: {}, oidc: [{ ...acme, ...overrides }], allowInsecure })
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
    const providers = buildProviders({ ...none, builtIn: { google: CLIENT, microsoft: CLIENT }, oidc: [acme] })
    expect([...providers.values()].map(({ id, name }) => ({ id, name }))).toEqual([
      { id: 'google', name: 'Google' },
      { id: 'microsoft', name: 'Microsoft' },
      { id: 'acme', name: 'Acme' },
    ])
  })

  it('can be all built-in ones, each under the id that it has itself', () => {
    const builtIn = Object.fromEntries(BUILT_IN_IDS.map((id) => [id, CLIENT]))
    const providers = buildProviders({ ...none, builtIn })
    expect([...providers.keys()]).toEqual(BUILT_IN_IDS)
    expect([...providers.keys()]).toEqual(expect.arrayContaining(['google', 'github', 'linkedin', 'microsoft']))
    expect([...providers.values()].map(({ id }) => id)).toEqual(BUILT_IN_IDS)
  })

  it.each(['', 'Acme', 'acme_1', 'a'.repeat(33), '../x', 'é'])('refuse the id %s', (id) => {
    expect(reasonOf({ id })).toMatch(/^entry 1: id must be/)
  })

  it.each([...BUILT_IN_IDS, 'providers', 'exchange'])('refuse to let %s be shadowed', (id) => {
    expect(reasonOf({ id })).toBe('entry 1: id is taken by Postern itself')
  })

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

describe('a built-in provider', () => {
  const pages = import.meta.glob('../../../docs/providers/*.md', { query: '?raw', import: 'default' })
  const tests = Object.keys(import.meta.glob('./*.test.ts'))

  it.each(BUILT_IN_IDS)('%s has a page that names its variables and its redirect URL, and a test', async (id) => {
    const page = await pages[`../../../docs/providers/${id}.md`]?.()
    const { clientId, clientSecret } = toClientVariables(id)
    for (const text of [clientId, clientSecret, `<ISSUER>/auth/oauth/${id}/callback`]) expect(page).toContain(text)
    expect(tests).toContain(`./${id}.test.ts`)
  })
})
