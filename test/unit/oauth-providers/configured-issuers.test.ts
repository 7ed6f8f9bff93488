import { describe, expect, it } from 'vitest'
import { ConfigurationError, parseSettings } from '../../../src/env.ts'
import { BUILT_IN_IDS } from '../../../src/oauth-providers/built-in.ts'
import { CLIENT } from './support.ts'

const ACME = { id: 'acme', name: 'Acme', issuer: 'https://login.acme.example', ...CLIENT }

/** Answers which rules a list of issuers breaks, in words for its operator. */
function rulesOf(entries: unknown, environment: 'production' | 'development' = 'production'): string[] {
  try {
    parseSettings({
      ENVIRONMENT: environment,
      AUTH_SECRET: 'v1:HQWzyL0VccnbhT4KDbHYGI9WdTq-SoCGQjly6z61HWw',
      ISSUER: 'https://auth.example.com',
      MAIL_TRANSPORT: 'binding',
      MAIL_FROM: 'no-reply@example.com',
      OIDC_PROVIDERS: JSON.stringify(entries),
    })
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    expect(error.problems.filter(({ variable }) => variable !== 'OIDC_PROVIDERS')).toEqual([])
    return error.problems.map(({ rule }) => rule)
  }
}
const ruleOf = (overrides: object, environment?: 'production' | 'development') =>
  rulesOf([{ ...ACME, ...overrides }], environment)[0] ?? null

describe('OIDC_PROVIDERS', () => {
  it.each(['', 'Acme', 'acme_1', 'a'.repeat(33), '../x', 'é'])('refuses the id %s', (id) => {
    expect(ruleOf({ id })).toMatch(/^entry 1: id must be/)
  })

  it.each([...BUILT_IN_IDS, 'providers', 'exchange'])('refuses %s, which Postern uses itself', (id) => {
    expect(ruleOf({ id })).toBe('entry 1: id is taken by Postern itself')
  })

  it('takes an id that is only a name of Object.prototype', () => {
    expect(ruleOf({ id: 'constructor' })).toBeNull()
  })

  it('refuses two entries of one id', () => {
    expect(rulesOf([ACME, ACME])).toEqual(['entry 2: id is there twice'])
  })

  it.each([
    'http://login.acme.example',
    'http://localhost:9000',
    'javascript:alert(1)',
    'https://user:secret@login.acme.example',
    'https://login.acme.example#x',
    'https://login.acme.example?x=1',
    'login.acme.example',
  ])('refuses the issuer %s', (issuer) => {
    expect(ruleOf({ issuer })).toMatch(/^entry 1: issuer must be/)
  })

  it.each(['http://localhost:9000', 'http://127.0.0.1:9000/realms/x'])(
    'takes the issuer %s in development only',
    (issuer) => {
      expect(ruleOf({ issuer }, 'development')).toBeNull()
      expect(ruleOf({ issuer }, 'production')).not.toBeNull()
    },
  )

  it.each([
    'http://login.acme.example',
    'http://localhost.evil.example',
    'http://10.0.0.1',
    'http://127.0.0.1.evil.example',
  ])('refuses the issuer %s even in development', (issuer) => {
    expect(ruleOf({ issuer }, 'development')).not.toBeNull()
  })

  it('refuses an issuer on this machine in production, however its scheme is spelt', () => {
    expect(ruleOf({ issuer: 'HTTP://localhost:9000' })).toMatch(/^entry 1: issuer must be/)
  })

  it.each([
    ['name', ''],
    ['clientId', undefined],
    ['clientSecret', 7],
    ['trustedEmailDomains', 'acme.example'],
  ])('names the member that is at fault: %s', (member, value) => {
    expect(ruleOf({ [member]: value })).toMatch(new RegExp(`^entry 1: ${member} must`))
  })

  it('refuses a member that it does not know, and anything that is no list', () => {
    expect(ruleOf({ trustedDomains: ['acme.example'] })).toMatch(/^entry 1: .*trustedDomains/)
    expect(rulesOf(ACME)).toHaveLength(1)
  })
})
