import { describe, expect, it } from 'vitest'
import { ConfigurationError, parseSettings } from '../../src/env.ts'

const PRODUCTION = {
  AUTH_SECRET: 'v1:HQWzyL0VccnbhT4KDbHYGI9WdTq-SoCGQjly6z61HWw',
  ISSUER: 'https://auth.example.com',
  MAIL_TRANSPORT: 'binding',
  MAIL_FROM: 'Example <no-reply@example.com>',
}
const ANDROID = `android:apk-key-hash:${'A'.repeat(43)}`

const relyingPartyOf = (variables: object) => parseSettings({ ...PRODUCTION, ...variables }).relyingParty

describe('the relying party of passkeys', () => {
  it('is the host of ISSUER, for its pages and those that may call', () => {
    expect(relyingPartyOf({})).toEqual({ id: 'auth.example.com', origins: ['https://auth.example.com'] })
    const ALLOWED_ORIGINS = 'https://app.example.com,capacitor://localhost,https://auth.example.com'
    expect(relyingPartyOf({ ALLOWED_ORIGINS }).origins).toEqual(['https://auth.example.com', 'https://app.example.com'])
    expect(parseSettings({ ...PRODUCTION, ENVIRONMENT: 'development', ISSUER: 'http://localhost:8787' })).toMatchObject(
      {
        relyingParty: { id: 'localhost', origins: ['http://localhost:8787'] },
      },
    )
  })

  it('is what RP_ID and RP_ORIGINS say, and the origins may be of other sites and of Android apps', () => {
    const RP_ORIGINS = `https://www.example.com, https://shop.example.net,${ANDROID}`
    expect(relyingPartyOf({ RP_ID: 'example.com', RP_ORIGINS })).toEqual({
      id: 'example.com',
      origins: ['https://www.example.com', 'https://shop.example.net', ANDROID],
    })
  })

  it.each([
    { RP_ID: 'https://example.com' },
    { RP_ID: 'example.com:443' },
    { RP_ID: 'Example.com' },
    { RP_ID: 'com' },
    { RP_ID: '192.0.2.1' },
    { RP_ID: 'example.com.' },
    { RP_ID: 'example.net' },
    { RP_ID: 'ample.com' },
    { RP_ID: 'app.auth.example.com' },
    { RP_ORIGINS: 'https://shop.example.net' },
    { RP_ORIGINS: ANDROID },
    { RP_ORIGINS: 'https://auth.example.com/' },
    { RP_ORIGINS: 'https://auth.example.com,*' },
    { RP_ORIGINS: 'https://auth.example.com,android:apk-key-hash:short' },
    { RP_ORIGINS: 'https://auth.example.com,http://app.example.com' },
  ])('refuses %j, which no browser would accept or which is not safe', (variables) => {
    expect(() => relyingPartyOf(variables)).toThrow(ConfigurationError)
    expect(() => relyingPartyOf(variables)).toThrow(/RP_ID|RP_ORIGINS/)
  })
})
