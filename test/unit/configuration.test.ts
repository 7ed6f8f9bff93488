import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../src/env.ts'
import { readConfiguration } from '../../src/platform/configuration.ts'
import wranglerConfig from '../../wrangler.toml?raw'

const PRODUCTION = {
  AUTH_SECRET: 'v1:HQWzyL0VccnbhT4KDbHYGI9WdTq-SoCGQjly6z61HWw',
  ISSUER: 'https://auth.example.com',
  MAIL_TRANSPORT: 'resend',
  RESEND_API_KEY: 're_0123456789',
  MAIL_FROM: 'Example <no-reply@example.com>',
}

function problemsOf(env: Record<string, unknown>) {
  try {
    readConfiguration(env)
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems.map(({ variable }) => variable)
  }
}
const issuers = (...entries: object[]) => ({
  OIDC_PROVIDERS: JSON.stringify(
    entries.map((entry) => ({
      id: 'corp',
      name: 'Corp',
      issuer: 'https://id.example.com',
      clientId: 'a',
      clientSecret: 'b',
      ...entry,
    })),
  ),
})

describe('readConfiguration, which the Worker, npm run doctor and npm run deploy use', () => {
  it('builds the providers with the settings', () => {
    const { providers, settings } = readConfiguration({ ...PRODUCTION, ...issuers({}) })
    expect([...providers.keys()]).toEqual(['corp'])
    expect(settings.issuer).toBe('https://auth.example.com')
  })

  it.each([
    ['a query in an issuer', issuers({ issuer: 'https://id.example.com/?tenant=1' })],
    ['a user in an issuer', issuers({ issuer: 'https://me@id.example.com' })],
    ['an id that is a route', issuers({ id: 'exchange' })],
    ['an id twice', issuers({}, {})],
  ])('refuses %s and names its variable', (_, variables) => {
    expect(problemsOf({ ...PRODUCTION, ...variables })).toEqual(['OIDC_PROVIDERS'])
  })

  it('refuses MAIL_TRANSPORT=binding only where the binding is missing', () => {
    const variables = { ...PRODUCTION, MAIL_TRANSPORT: 'binding' }
    expect(problemsOf(variables)).toEqual(['MAIL_TRANSPORT'])
    expect(problemsOf({ ...variables, SEND_EMAIL: { send: () => undefined } })).toEqual([])
  })
})

describe('wrangler.toml', () => {
  it('asks a first deployment for no R2 bucket and no mail binding, which an account may not have', () => {
    const tables = wranglerConfig.split('\n').filter((line) => line.startsWith('[[env.production.'))
    expect(tables).not.toEqual([])
    expect(tables.filter((table) => /r2_buckets|send_email/.test(table))).toEqual([])
  })
})
