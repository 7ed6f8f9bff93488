import { describe, expect, it } from 'vitest'
import { ConfigurationError, parseSettings, SECRET_VARIABLES } from '../../src/env.ts'
import { BUILT_IN_IDS, toClientVariables } from '../../src/oauth-providers/built-in.ts'

const SECRET = 'HQWzyL0VccnbhT4KDbHYGI9WdTq-SoCGQjly6z61HWw'
const OTHER = Buffer.from(Array.from({ length: 48 }, (_, byte) => byte * 5 + 3)).toString('base64url')
const PRODUCTION = {
  AUTH_SECRET: `v1:${SECRET}`,
  ISSUER: 'https://auth.example.com',
  MAIL_TRANSPORT: 'binding',
  MAIL_FROM: 'Example <no-reply@example.com>',
}
const DEVELOPMENT = {
  ENVIRONMENT: 'development',
  AUTH_SECRET: `v1:${SECRET}`,
  ISSUER: 'http://localhost:8787',
  MAIL_TRANSPORT: 'mailbox',
}

/** Answers what is wrong with a configuration, if anything is. */
function problemsOf(variables: Record<string, unknown>): ConfigurationError['problems'] {
  try {
    parseSettings(variables)
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems
  }
}

/** Names the variables at fault, if there are any. */
const refusedOf = (variables: Record<string, unknown>): string[] => [
  ...new Set(problemsOf(variables).map(({ variable }) => variable)),
]

describe('a configuration', () => {
  it('needs an origin, a secret and a way to send mails; everything else has its default', () => {
    expect(parseSettings(PRODUCTION)).toMatchObject({
      isDevelopment: false,
      issuer: 'https://auth.example.com',
      appUrl: 'https://auth.example.com',
      audience: 'https://auth.example.com',
      allowedOrigins: [],
      allowedRedirects: [],
      accessTokenTtlSeconds: 900,
      refreshTokenTtlSeconds: 2_592_000,
      sessionIdleTimeoutSeconds: 0,
      requireEmailVerification: true,
      passwordMinLength: 8,
      passwordRequire: [],
      rateLimits: true,
      rateLimitPerMinute: 300,
      rateLimitSensitivePerMinute: 5,
      region: 'weur',
      bootstrapAdminEmail: null,
      cookies: { sameSite: 'Lax', domain: null },
      serviceClients: [],
    })
  })

  it('is for production unless it says otherwise (better-auth 1.7.7)', () => {
    expect(parseSettings(PRODUCTION).isDevelopment).toBe(false)
    expect(parseSettings({ ...PRODUCTION, NODE_ENV: 'development' }).isDevelopment).toBe(false)
    expect(parseSettings(DEVELOPMENT).isDevelopment).toBe(true)
    expect(refusedOf({ ...DEVELOPMENT, ENVIRONMENT: '' })).not.toEqual([])
  })

  it('takes every value that it is given', () => {
    const settings = parseSettings({
      ...PRODUCTION,
      APP_URL: 'https://app.example.com/account/',
      AUDIENCE: 'my-api',
      ALLOWED_ORIGINS: ' https://app.example.com , https://admin.example.com ',
      ALLOWED_REDIRECTS: 'https://app.example.com/signed-in',
      ACCESS_TOKEN_TTL_SECONDS: '300',
      REFRESH_TOKEN_TTL_SECONDS: '86400',
      SESSION_IDLE_TIMEOUT_SECONDS: '1200',
      REQUIRE_EMAIL_VERIFICATION: 'false',
      PASSWORD_MIN_LENGTH: '15',
      LOG_LEVEL: 'warn',
      AUDIT_RETENTION_DAYS: '30',
      PASSWORD_REQUIRE: 'upper,symbol',
      BOOTSTRAP_ADMIN_EMAIL: 'Root@Example.com',
      COOKIE_SAME_SITE: 'Strict',
      SERVICE_CLIENTS: JSON.stringify([{ id: 'api', secret: 'x'.repeat(32) }]),
    })
    expect(settings).toMatchObject({
      appUrl: 'https://app.example.com/account',
      audience: 'my-api',
      allowedOrigins: ['https://app.example.com', 'https://admin.example.com'],
      allowedRedirects: ['https://app.example.com/signed-in'],
      accessTokenTtlSeconds: 300,
      refreshTokenTtlSeconds: 86_400,
      sessionIdleTimeoutSeconds: 1200,
      requireEmailVerification: false,
      passwordMinLength: 15,
      passwordRequire: ['upper', 'symbol'],
      logLevel: 'warn',
      bootstrapAdminEmail: 'root@example.com',
      cookies: { sameSite: 'Strict' },
      serviceClients: [{ id: 'api' }],
    })
  })

  it('ignores bindings and variables that are not its own', () => {
    expect(refusedOf({ ...PRODUCTION, DB: { prepare: () => null }, PATH: '/bin', ALLOWED_ORIGINS: '' })).toEqual([])
  })

  it('names every variable at fault at once', () => {
    const refused = refusedOf({ ISSUER: 'nonsense', ACCESS_TOKEN_TTL_SECONDS: 'soon' })
    expect(refused.sort()).toEqual(['ACCESS_TOKEN_TTL_SECONDS', 'AUTH_SECRET', 'ISSUER', 'MAIL_TRANSPORT'])
  })
})

describe('AUTH_SECRET', () => {
  const secretsOf = (AUTH_SECRET: string) => parseSettings({ ...PRODUCTION, AUTH_SECRET }).secrets

  it('is a list of versions in the given order, of which the first is used to make tokens', () => {
    expect(secretsOf(`v2:${OTHER}, v1:${SECRET}`).map(({ version }) => version)).toEqual(['v2', 'v1'])
    expect(secretsOf(`v1:${SECRET},v2:${OTHER}`).map(({ version }) => version)).toEqual(['v1', 'v2'])
    expect(secretsOf(`v2:${OTHER},v1:${SECRET}`).map(({ secret }) => secret.length)).toEqual([48, 32])
  })

  it('may be padded', () => {
    expect(secretsOf(`v1:${SECRET}=`)[0].secret).toEqual(secretsOf(`v1:${SECRET}`)[0].secret)
  })

  it.each([
    ['missing', ''],
    ['without a version', SECRET],
    ['of version 0', `v0:${SECRET}`],
    ['with a version in capitals', `V1:${SECRET}`],
    ['too short by a byte', `v1:${Buffer.from(SECRET, 'base64url').subarray(0, 31).toString('base64url')}`],
    ['one byte again and again', `v1:${Buffer.alloc(32, 7).toString('base64url')}`],
    ['plain base64', `v1:${'+/'.repeat(22)}`],
    ['a sentence', 'v1:correct horse battery staple and so on'],
    ['the same version twice', `v1:${SECRET},v1:${OTHER}`],
    ['followed by nothing', `v1:${SECRET},`],
    ['weak in its older version', `v2:${SECRET},v1:short`],
  ])('is refused, and not repeated, when it is %s', (_, AUTH_SECRET) => {
    expect(refusedOf({ ...PRODUCTION, AUTH_SECRET })).toEqual(['AUTH_SECRET'])
    try {
      parseSettings({ ...PRODUCTION, AUTH_SECRET })
    } catch (error) {
      const told = String(error) + JSON.stringify(error)
      for (const part of AUTH_SECRET.split(/[:,]/).filter((text) => text.length > 6)) expect(told).not.toContain(part)
      expect(told).toContain('openssl rand')
    }
  })
})

describe('a variable that is malformed', () => {
  it.each([
    ['ENVIRONMENT', 'staging'],
    ['ISSUER', 'https://auth.example.com/'],
    ['ISSUER', 'https://auth.example.com/path'],
    ['ISSUER', 'auth.example.com'],
    ['ISSUER', 'https://AUTH.example.com'],
    ['APP_URL', 'app.example.com'],
    ['APP_URL', 'javascript:alert(1)'],
    ['APP_URL', 'https:app.example.com'],
    ['APP_URL', 'https://app.example.com/\taccount'],
    ['APP_URL', 'https://'],
    ['APP_URL', 'https://app.example.com/#/account'],
    ['APP_URL', 'https://app.example.com/?page=account'],
    ['ALLOWED_ORIGINS', 'https://app.example.com/'],
    ['ALLOWED_ORIGINS', '*'],
    ['ALLOWED_ORIGINS', 'https://*.example.com'],
    ['ALLOWED_ORIGINS', 'null'],
    ['ALLOWED_ORIGINS', 'file:///android_asset'],
    ['ISSUER', 'capacitor://localhost'],
    ['ISSUER', 'ftp://auth.example.com'],
    ['ALLOWED_REDIRECTS', 'app.example.com/x'],
    ['ALLOWED_REDIRECTS', 'javascript:alert(1)'],
    ['ALLOWED_REDIRECTS', 'com.example.app:/signed-in'],
    ['ACCESS_TOKEN_TTL_SECONDS', '59'],
    ['ACCESS_TOKEN_TTL_SECONDS', '86401'],
    ['ACCESS_TOKEN_TTL_SECONDS', '15m'],
    ['ACCESS_TOKEN_TTL_SECONDS', '-900'],
    ['REFRESH_TOKEN_TTL_SECONDS', '299'],
    ['SESSION_IDLE_TIMEOUT_SECONDS', '1.5'],
    ['REQUIRE_EMAIL_VERIFICATION', 'no'],
    ['PASSWORD_MIN_LENGTH', '7'],
    ['PASSWORD_MIN_LENGTH', '65'],
    ['PASSWORD_REQUIRE', 'upper,emoji'],
    ['AUDIT_RETENTION_DAYS', '0'],
    ['AUDIT_RETENTION_DAYS', 'forever'],
    ['RATE_LIMITS', 'yes'],
    ['LOG_LEVEL', 'debug'],
    ['RATE_LIMIT_SENSITIVE_PER_MINUTE', '0'],
    ['RATE_LIMIT_SENSITIVE_PER_MINUTE', 'five'],
    ['RATE_LIMIT_SENSITIVE_PER_MINUTE', '2.5'],
    ['BOOTSTRAP_ADMIN_EMAIL', 'root'],
    ['ADMIN_INVITATION', 'root@example.com'],
    ['ADMIN_INVITATION', `root.0000000000.${'x'.repeat(43)}`],
    ['MAIL_TRANSPORT', 'pigeon'],
    ['MAIL_FROM', 'Postern'],
    ['SMTP_URL', 'mail.example.com'],
    ['OIDC_PROVIDERS', '{'],
    ['OIDC_PROVIDERS', '[{"id":"Corp"}]'],
    ['SERVICE_CLIENTS', '[{"id":"api","secret":"short"}]'],
    ['COOKIE_SAME_SITE', 'lax'],
    ['REGION', 'sam'],
  ])('is refused, and the error names it: %s=%s', (variable, value) => {
    expect(refusedOf({ ...PRODUCTION, [variable]: value })).toContain(variable)
  })
})

describe('the rule that is broken', () => {
  const rulesOf = (variables: Record<string, string>) =>
    problemsOf({ ...PRODUCTION, ...variables }).map(({ rule }) => rule)

  it.each([
    ['RATE_LIMITS', 'yes', 'must be one of on, off'],
    ['KEEP_PROVIDER_TOKENS', 'yes', 'must be one of true, false'],
    ['ACCESS_TOKEN_TTL_SECONDS', '15m', 'must be a whole number of seconds'],
    ['ACCESS_TOKEN_TTL_SECONDS', '59', 'must be at least 60'],
    ['PASSWORD_MIN_LENGTH', '65', 'must be at most 64'],
    ['PASSWORD_REQUIRE', 'upper,emoji', 'entry 2: must be one of upper, lower, digit, symbol'],
    ['ALLOWED_REDIRECTS', 'https://a.example, com.example:/b', 'entry 2: must be an http(s) URL'],
    ['SERVICE_CLIENTS', '{', 'must be JSON'],
    ['MAIL_TRANSPORT', '', 'must be set (must be one of mailbox, smtp, resend, binding)'],
    ['PRODUCT_NAME', 'x'.repeat(61), 'must be at most 60 characters'],
  ])('is said of %s=%s in words for its operator', (variable, value, rule) => {
    expect(rulesOf({ [variable]: value })).toEqual([rule])
  })

  it('names the entry and the member of a list in JSON', () => {
    const clients = [
      { id: 'api', secret: 'x'.repeat(32) },
      { id: 'job', secret: 'short' },
    ]
    expect(rulesOf({ SERVICE_CLIENTS: JSON.stringify(clients) })).toEqual([expect.stringMatching(/^entry 2: secret /)])
  })
})

describe('variables that belong together', () => {
  it.each<[string, Record<string, string>]>([
    ['SMTP_URL', { MAIL_TRANSPORT: 'smtp' }],
    ['RESEND_API_KEY', { MAIL_TRANSPORT: 'resend' }],
    ...BUILT_IN_IDS.map(toClientVariables).flatMap(({ clientId, clientSecret }): [string, Record<string, string>][] => [
      [clientSecret, { [clientId]: 'id' }],
      [clientSecret, { [clientSecret]: 'secret' }],
    ]),
    ['COOKIE_SAME_SITE', { COOKIE_SAME_SITE: 'None' }],
  ])('are refused, and the error names %s, beside %j', (variable, given) => {
    expect(refusedOf({ ...PRODUCTION, ...given })).toEqual([variable])
  })
})

describe('the variables of a built-in provider', () => {
  it.each([
    ['google', 'GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'],
    ['linkedin', 'LINKEDIN_CLIENT_ID', 'LINKEDIN_CLIENT_SECRET'],
  ] as const)('turn %s on, and its secret counts as one', (id, idVariable, secretVariable) => {
    const { providers } = parseSettings({ ...PRODUCTION, [idVariable]: 'a', [secretVariable]: 'b' })
    expect(providers.builtIn).toEqual({ [id]: { clientId: 'a', clientSecret: 'b' } })
    expect(SECRET_VARIABLES).toContain(secretVariable)
    expect(SECRET_VARIABLES).not.toContain(idVariable)
  })
})

describe('production', () => {
  it.each([
    ['ISSUER', 'http://auth.example.com'],
    ['ISSUER', 'http://localhost:8787'],
    ['APP_URL', 'http://app.example.com'],
    ['APP_URL', 'HTTP://app.example.com'],
    ['ALLOWED_ORIGINS', 'http://app.example.com'],
    ['ALLOWED_REDIRECTS', 'http://app.example.com/x'],
    ['RATE_LIMITS', 'off'],
    ['MAIL_TRANSPORT', 'mailbox'],
    ['MAIL_FROM', ''],
    ['SMTP_URL', 'smtp://user:password@mail.example.com:587?tls=off'],
    ['RESEND_BASE_URL', 'http://api.example.com'],
    [
      'OIDC_PROVIDERS',
      '[{"id":"corp","name":"Corp","issuer":"http://id.example.com","clientId":"a","clientSecret":"b"}]',
    ],
  ])('refuses a value that is meant for development: %s=%s', (variable, value) => {
    expect(refusedOf({ ...PRODUCTION, [variable]: value })).toContain(variable)
  })

  it('allows native apps of the same machine, whose loopback origins may be plain http (RFC 8252 §7.3)', () => {
    const loopback = { ALLOWED_ORIGINS: 'http://localhost:5173', ALLOWED_REDIRECTS: 'http://127.0.0.1:9999/callback' }
    expect(refusedOf({ ...PRODUCTION, ...loopback })).toEqual([])
  })

  it('allows the origins of hybrid apps, which have schemes of their own', () => {
    const allowedOrigins = [
      'capacitor://localhost',
      'ionic://localhost',
      'tauri://localhost',
      'https://tauri.localhost',
      'http://localhost',
      'https://localhost',
      'app://example',
    ]
    expect(parseSettings({ ...PRODUCTION, ALLOWED_ORIGINS: allowedOrigins.join(',') })).toMatchObject({
      allowedOrigins,
    })
  })
})

describe('development', () => {
  it('may do without https, limits and a real sender', () => {
    const settings = parseSettings({ ...DEVELOPMENT, RATE_LIMITS: 'off' })
    expect(settings).toMatchObject({ isDevelopment: true, rateLimits: false, mail: { transport: 'mailbox' } })
    expect(settings.mail.from).toContain('@')
  })

  it('still needs a strong secret', () => {
    expect(refusedOf({ ...DEVELOPMENT, AUTH_SECRET: 'v1:short' })).toEqual(['AUTH_SECRET'])
  })
})
