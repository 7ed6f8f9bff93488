import { z } from 'zod'
import { ACCESS_TOKEN_MAX_TTL_SECONDS, REGIONS } from './config.ts'
import type { Secrets, SecretVersion } from './crypto/derived-key.ts'
import { parseEmailAddress } from './domain/email-address.ts'
import { isPageOrigin, isWebOrigin } from './domain/page-origin.ts'
import { parseSender } from './mail/addresses.ts'
import { parseSmtpUrl } from './mail/transports/smtp-url.ts'
import { BUILT_IN_IDS, type ClientVariable, toClientVariables } from './oauth-providers/built-in.ts'
import { ConfiguredIssuers } from './oauth-providers/configured-issuers.ts'

/** One variable that stops the Worker, and the rule it breaks. Values are never repeated: they may be secrets. */
export interface ConfigurationProblem {
  variable: string
  rule: string
}

export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  constructor(readonly problems: readonly ConfigurationProblem[]) {
    super(problems.map(({ variable, rule }) => `${variable}: ${rule}`).join('; '))
  }
}

const SECRET_MIN_BYTES = 32
const SECRET_VERSION = /^(v[1-9][0-9]{0,5}):([A-Za-z0-9_-]+={0,2})$/
const AUTH_SECRET_RULE =
  'must be set to v1:<base64url of 32 random bytes or more>; of several, separated by commas, the first makes and all are accepted (openssl rand -base64 32 | tr +/ -_)'

const flag = z.enum(['true', 'false']).transform((value) => value === 'true')
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
)
const seconds = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number of seconds')
    .transform(Number)
    .pipe(z.int().min(minimum, `must be at least ${minimum}`).max(maximum, `must be at most ${maximum}`))
const json = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' })
        return z.NEVER
      }
    })
    .pipe(schema)
const ORIGIN_RULE = 'must be an origin such as https://auth.example.com, without a path, a trailing slash or a wildcard'
const webOrigin = z.string().refine(isWebOrigin, ORIGIN_RULE)
const pageOrigin = z.string().refine(isPageOrigin, `${ORIGIN_RULE}; of a hybrid app one such as capacitor://localhost`)
const webUrl = z.url({ protocol: /^https?$/, message: 'must be an http(s) URL' })
const linkBase = webUrl.refine((url) => !/[?#]/.test(url), {
  message: 'must have no query and no fragment: links in mails add a path and a fragment of their own',
})

const authSecret = z.string(AUTH_SECRET_RULE).transform((text, context): Secrets => {
  const versions: SecretVersion[] = []
  for (const part of text.split(',')) {
    const [, version, encoded] = SECRET_VERSION.exec(part.trim()) ?? []
    const secret = encoded === undefined ? new Uint8Array() : new Uint8Array(Buffer.from(encoded, 'base64url'))
    const weak = secret.length < SECRET_MIN_BYTES || new Set(secret).size < 8
    if (version === undefined || weak || versions.some((known) => known.version === version)) {
      context.addIssue({ code: 'custom', message: AUTH_SECRET_RULE })
      return z.NEVER
    }
    versions.push({ version, secret })
  }
  const [first, ...others] = versions
  return first ? [first, ...others] : z.NEVER
})

/** Reads a value by the parser of the part that uses it, so that no rule stands twice. */
const parsedBy = <Value>(parse: (text: string) => Value, toRule: (error: unknown) => string) =>
  z.string().transform((text, context) => {
    try {
      return parse(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: toRule(error) })
      return z.NEVER
    }
  })
const smtpUrl = parsedBy(parseSmtpUrl, (error) => (error instanceof TypeError ? error.message : 'must be a URL'))
const sender = parsedBy(
  (text) => {
    if (/[\r\n]/.test(text)) throw new TypeError('line break')
    parseSender(text)
    return text
  },
  () => 'must be one line with one address, such as Postern <no-reply@example.com>',
)
const emailAddress = z.string().transform((text, context) => {
  const address = parseEmailAddress(text)
  if (address !== null) return address
  context.addIssue({ code: 'custom', message: 'must be an e-mail address' })
  return z.NEVER
})

/** A built-in provider is on when both of its variables are set. */
const providerClients = Object.fromEntries(
  BUILT_IN_IDS.flatMap((id) => Object.values(toClientVariables(id)).map((name) => [name, z.string().optional()])),
) as Record<ClientVariable, z.ZodOptional<z.ZodString>>

const Variables = z.object({
  ENVIRONMENT: z.enum(['development', 'production']).default('production'),
  AUTH_SECRET: authSecret,
  ISSUER: webOrigin,
  APP_URL: linkBase.optional(),
  ALLOWED_ORIGINS: list.pipe(z.array(pageOrigin)).default([]),
  ALLOWED_REDIRECTS: list.pipe(z.array(webUrl)).default([]),
  AUDIENCE: z.string().min(1).optional(),
  ACCESS_TOKEN_TTL_SECONDS: seconds(60, ACCESS_TOKEN_MAX_TTL_SECONDS).default(900),
  REFRESH_TOKEN_TTL_SECONDS: seconds(300, 366 * 24 * 3600).default(2_592_000),
  SESSION_IDLE_TIMEOUT_SECONDS: seconds(0, 366 * 24 * 3600).default(0),
  REQUIRE_EMAIL_VERIFICATION: flag.default(true),
  PASSWORD_MIN_LENGTH: z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(8, 'must be at least 8 (NIST SP 800-63B-4)').max(64, 'must be at most 64'))
    .default(8),
  PASSWORD_REQUIRE: list.pipe(z.array(z.enum(['upper', 'lower', 'digit', 'symbol']))).default([]),
  RATE_LIMITS: z.enum(['on', 'off']).default('on'),
  RATE_LIMIT_PER_MINUTE: z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(10, 'must be at least 10').max(1_000_000, 'must be at most 1000000'))
    .default(300),
  AUDIT_RETENTION_DAYS: z
    .string()
    .regex(/^\d+$/, 'must be a whole number of days')
    .transform(Number)
    .pipe(z.int().min(1, 'must be at least 1').max(36_500, 'must be at most 36500'))
    .default(400),
  RATE_LIMIT_SENSITIVE_PER_MINUTE: z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(1, 'must be at least 1').max(10_000, 'must be at most 10000'))
    .default(5),
  REGION: z.enum(REGIONS).default('weur'),
  BOOTSTRAP_ADMIN_EMAIL: emailAddress.optional(),
  MAIL_TRANSPORT: z.enum(['mailbox', 'smtp', 'resend', 'binding']),
  MAIL_FROM: sender.optional(),
  SMTP_URL: smtpUrl.optional(),
  RESEND_API_KEY: z.string().min(1).optional(),
  RESEND_BASE_URL: webUrl.default('https://api.resend.com'),
  ...providerClients,
  OIDC_PROVIDERS: json(ConfiguredIssuers).default([]),
  KEEP_PROVIDER_TOKENS: flag.default(false),
  SERVICE_CLIENTS: json(z.array(z.strictObject({ id: z.string().min(1), secret: z.string().min(32) }))).default([]),
  PRODUCT_NAME: z.string().min(1).max(60).default('Postern'),
  BRAND_COLOR: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as #0f766e')
    .default('#0f766e'),
  BRAND_LOGO_URL: webUrl.optional(),
  HSTS_INCLUDE_SUBDOMAINS: flag.default(false),
  COOKIE_SAME_SITE: z.enum(['Lax', 'Strict', 'None']).default('Lax'),
  COOKIE_DOMAIN: z
    .string()
    .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'must be a domain such as example.com')
    .optional(),
})
type Parsed = z.infer<typeof Variables>

/** The variables that hold a secret, which an operator sets apart from the settings in `wrangler.toml`. */
export const SECRET_VARIABLES: readonly (keyof Parsed)[] = [
  'AUTH_SECRET',
  'SMTP_URL',
  'RESEND_API_KEY',
  ...BUILT_IN_IDS.map((id) => toClientVariables(id).clientSecret),
  'OIDC_PROVIDERS',
  'SERVICE_CLIENTS',
]

/** The versions of a list that `parseSettings` takes. */
export const parseAuthSecret = (text: string): Secrets => authSecret.parse(text)

type Refuse = (variable: string, rule: string) => void

/** Rules that span variables. */
function crossCheck(values: Parsed): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = []
  const refuse: Refuse = (variable, rule) => problems.push({ variable, rule })
  if (values.ENVIRONMENT === 'production') refuseDevelopmentSettings(values, refuse)
  refuseIncompleteMail(values, refuse)
  for (const { clientId, clientSecret } of BUILT_IN_IDS.map(toClientVariables))
    if ((values[clientId] === undefined) !== (values[clientSecret] === undefined))
      refuse(clientSecret, `${clientId} and ${clientSecret} belong together`)
  if (values.COOKIE_SAME_SITE === 'None' && values.ALLOWED_ORIGINS.length === 0)
    refuse('COOKIE_SAME_SITE', 'None is for pages of another site: name them in ALLOWED_ORIGINS')
  const host = new URL(values.ISSUER).hostname
  if (values.COOKIE_DOMAIN !== undefined && !`.${host}`.endsWith(`.${values.COOKIE_DOMAIN}`))
    refuse('COOKIE_DOMAIN', 'must be the host of ISSUER or a domain above it, or browsers drop the cookies')
  return problems
}

/** Production speaks https everywhere, but to native apps on a person's own machine (RFC 8252 §7.3). */
function refusePlainHttp(values: Parsed, refuse: Refuse): void {
  const isPlain = (url: string | undefined) => url !== undefined && new URL(url).protocol === 'http:'
  const isElsewhere = (url: string) => !['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)
  const urls = {
    ISSUER: [values.ISSUER],
    APP_URL: [values.APP_URL],
    ALLOWED_ORIGINS: values.ALLOWED_ORIGINS.filter(isElsewhere),
    ALLOWED_REDIRECTS: values.ALLOWED_REDIRECTS.filter(isElsewhere),
    // A secret goes there.
    RESEND_BASE_URL: [values.RESEND_BASE_URL],
  }
  for (const [variable, given] of Object.entries(urls))
    if (given.some(isPlain)) refuse(variable, 'must be https in production')
  for (const [index, { issuer }] of values.OIDC_PROVIDERS.entries())
    if (isPlain(issuer)) refuse('OIDC_PROVIDERS', `entry ${index + 1}: issuer must be https in production`)
}

/** Production never runs with a setting that is meant for one person's machine. */
function refuseDevelopmentSettings(values: Parsed, refuse: Refuse): void {
  refusePlainHttp(values, refuse)
  if (values.RATE_LIMITS === 'off') refuse('RATE_LIMITS', 'must not be off in production')
  if (values.MAIL_TRANSPORT === 'mailbox')
    refuse('MAIL_TRANSPORT', 'mailbox is for development: use smtp, resend or binding')
  if (values.MAIL_FROM === undefined) refuse('MAIL_FROM', 'must be set to the sender of mails')
  if (values.SMTP_URL?.tls === 'off') refuse('SMTP_URL', 'tls=off is for development')
  if (values.SMTP_URL?.port === 25) refuse('SMTP_URL', 'port 25 is closed to Workers: use 587 or 465')
}

function refuseIncompleteMail(values: Parsed, refuse: Refuse): void {
  if (values.MAIL_TRANSPORT === 'smtp' && values.SMTP_URL === undefined)
    refuse('SMTP_URL', 'must be set for MAIL_TRANSPORT=smtp')
  if (values.MAIL_TRANSPORT === 'resend' && values.RESEND_API_KEY === undefined)
    refuse('RESEND_API_KEY', 'must be set for MAIL_TRANSPORT=resend')
}

/** What a deployment chose, parsed and checked. */
export type Settings = ReturnType<typeof toSettings>

/** The client of each built-in provider that is on. */
function readProviderClients(values: Parsed) {
  const clients = BUILT_IN_IDS.flatMap((id) => {
    const variables = toClientVariables(id)
    const [clientId, clientSecret] = [values[variables.clientId], values[variables.clientSecret]]
    return clientId === undefined || clientSecret === undefined ? [] : [[id, { clientId, clientSecret }] as const]
  })
  return Object.fromEntries(clients)
}

function toSettings(values: Parsed) {
  return {
    isDevelopment: values.ENVIRONMENT === 'development',
    secrets: values.AUTH_SECRET,
    issuer: values.ISSUER,
    appUrl: (values.APP_URL ?? values.ISSUER).replace(/\/+$/, ''),
    allowedOrigins: values.ALLOWED_ORIGINS,
    allowedRedirects: values.ALLOWED_REDIRECTS,
    audience: values.AUDIENCE ?? values.ISSUER,
    accessTokenTtlSeconds: values.ACCESS_TOKEN_TTL_SECONDS,
    refreshTokenTtlSeconds: values.REFRESH_TOKEN_TTL_SECONDS,
    sessionIdleTimeoutSeconds: values.SESSION_IDLE_TIMEOUT_SECONDS,
    requireEmailVerification: values.REQUIRE_EMAIL_VERIFICATION,
    passwordMinLength: values.PASSWORD_MIN_LENGTH,
    passwordRequire: values.PASSWORD_REQUIRE,
    rateLimits: values.RATE_LIMITS === 'on',
    rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
    auditRetentionDays: values.AUDIT_RETENTION_DAYS,
    rateLimitSensitivePerMinute: values.RATE_LIMIT_SENSITIVE_PER_MINUTE,
    region: values.REGION,
    bootstrapAdminEmail: values.BOOTSTRAP_ADMIN_EMAIL ?? null,
    mail: {
      transport: values.MAIL_TRANSPORT,
      from: values.MAIL_FROM ?? `${values.PRODUCT_NAME} <no-reply@${new URL(values.ISSUER).hostname}>`,
      smtp: values.SMTP_URL ?? null,
      resendApiKey: values.RESEND_API_KEY ?? null,
      resendBaseUrl: values.RESEND_BASE_URL,
    },
    brand: { productName: values.PRODUCT_NAME, color: values.BRAND_COLOR, logoUrl: values.BRAND_LOGO_URL ?? null },
    hstsIncludeSubdomains: values.HSTS_INCLUDE_SUBDOMAINS,
    cookies: { sameSite: values.COOKIE_SAME_SITE, domain: values.COOKIE_DOMAIN ?? null },
    providers: {
      builtIn: readProviderClients(values),
      oidc: values.OIDC_PROVIDERS,
    },
    keepProviderTokens: values.KEEP_PROVIDER_TOKENS,
    serviceClients: values.SERVICE_CLIENTS,
  }
}

/**
 * Reads and checks every variable.
 * @throws {ConfigurationError} naming each variable at fault and its rule.
 */
export function parseSettings(env: Record<string, unknown>): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => typeof value === 'string' && value !== ''))
  const parsed = Variables.safeParse(given)
  if (!parsed.success)
    throw new ConfigurationError(
      parsed.error.issues.map(({ path: [name, ...place], message }) => ({
        variable: String(name),
        rule: given[String(name)] === undefined ? `must be set (${message})` : toRule(place, message),
      })),
    )
  const problems = crossCheck(parsed.data)
  if (problems.length > 0) throw new ConfigurationError(problems)
  return toSettings(parsed.data)
}

/** Says which entry of a list breaks the rule, and which member of it: "entry 2: issuer must be an https URL". */
function toRule([index, ...members]: readonly PropertyKey[], message: string): string {
  return index === undefined ? message : `entry ${Number(index) + 1}: ${[...members, message].join(' ')}`
}
