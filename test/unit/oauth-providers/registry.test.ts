import { describe, expect, it } from 'vitest'
import { BUILT_IN_IDS, toClientVariables } from '../../../src/oauth-providers/built-in.ts'
import { buildProviders, type ProviderSettings } from '../../../src/oauth-providers/registry.ts'
import { CLIENT } from './support.ts'

const none: ProviderSettings = { builtIn: {}, oidc: [] }
const acme = { id: 'acme', name: 'Acme', issuer: 'https://login.acme.example', ...CLIENT }

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
