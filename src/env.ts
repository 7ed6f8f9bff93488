import * as z from 'zod'
import { ACCESS_TOKEN_MAX_TTL_SECONDS, DEFAULT_BRAND, LOG_LEVELS, REGIONS } from './config.ts'
import type { Secrets } from './crypto/derived-key.ts'
import { onDemand } from './domain/on-demand.ts'
import { isWebOrigin } from './domain/page-origin.ts'
import { BUILT_IN_IDS, type ClientVariable, toClientVariables } from './oauth-providers/built-in.ts'
import { ConfiguredIssuers } from './oauth-providers/configured-issuers.ts'
import {
  anyText,
  authSecret,
  emailAddress,
  flag,
  invitation,
  json,
  type Kind,
  linkBase,
  list,
  oneOf,
  pageOrigin,
  passkeyOrigin,
  relyingPartyId,
  sender,
  smtpUrl,
  textThat,
  webOrigin,
  webUrl,
  wholeNumber,
} from './variable-kinds.ts'

/**
 * A variable that stops the Worker, and the rule that it breaks. Values are never repeated, because they may be
 * secrets.
 */
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

/** A variable: its kind, and what holds where it is not set. */
interface Variable<Value, Unset> {
  kind: Kind<Value>
  unset: Unset
}

/** Stands for what holds where a variable has to be set. */
const REQUIRED = Symbol('required')

/** Without a second argument, nothing holds where the variable is not set. */
function variable<Value>(kind: Kind<Value>): Variable<Value, undefined>
function variable<Value>(kind: Kind<Value>, unset: typeof REQUIRED): Variable<Value, never>
function variable<Value>(kind: Kind<Value>, unset: NoInfer<Value>): Variable<Value, Value>
function variable(kind: Kind<unknown>, unset?: unknown): Variable<unknown, unknown> {
  return { kind, unset }
}

/** The variables of the built-in providers. A provider is turned on when both of its variables are set. */
const PROVIDER_CLIENTS = Object.fromEntries(
  BUILT_IN_IDS.flatMap((id) => Object.values(toClientVariables(id)).map((name) => [name, variable(anyText)])),
) as Record<ClientVariable, Variable<string, undefined>>

const ServiceClients = onDemand(() => z.array(z.strictObject({ id: z.string().min(1), secret: z.string().min(32) })))

/** Every variable. */
const VARIABLES = {
  ENVIRONMENT: variable(oneOf(['development', 'production']), 'production'),
  AUTH_SECRET: variable(authSecret, REQUIRED),
  ISSUER: variable(webOrigin, REQUIRED),
  APP_URL: variable(linkBase),
  ALLOWED_ORIGINS: variable(list(pageOrigin), []),
  ALLOWED_REDIRECTS: variable(list(webUrl), []),
  AUDIENCE: variable(anyText),
  ACCESS_TOKEN_TTL_SECONDS: variable(wholeNumber(60, ACCESS_TOKEN_MAX_TTL_SECONDS, 'seconds'), 900),
  REFRESH_TOKEN_TTL_SECONDS: variable(wholeNumber(300, 366 * 24 * 3600, 'seconds'), 2_592_000),
  SESSION_IDLE_TIMEOUT_SECONDS: variable(wholeNumber(0, 366 * 24 * 3600, 'seconds'), 0),
  MFA_REMEMBER_DAYS: variable(wholeNumber(0, 365, 'days'), 30),
  REQUIRE_EMAIL_VERIFICATION: variable(flag, true),
  // NIST SP 800-63B-4 §3.1.1.2 asks for eight at least.
  PASSWORD_MIN_LENGTH: variable(wholeNumber(8, 64), 8),
  PASSWORD_REQUIRE: variable(list(oneOf(['upper', 'lower', 'digit', 'symbol'])), []),
  RATE_LIMITS: variable(oneOf(['on', 'off']), 'on'),
  RATE_LIMIT_PER_MINUTE: variable(wholeNumber(10, 1_000_000), 300),
  LOG_LEVEL: variable(oneOf(LOG_LEVELS), 'info'),
  DELETION_GRACE_DAYS: variable(wholeNumber(0, 365, 'days'), 0),
  AUDIT_RETENTION_DAYS: variable(wholeNumber(1, 36_500, 'days'), 400),
  RATE_LIMIT_SENSITIVE_PER_MINUTE: variable(wholeNumber(1, 10_000), 5),
  MFA_EMAIL_FALLBACK: variable(oneOf(['on', 'off']), 'off'),
  REGION: variable(oneOf(REGIONS), 'weur'),
  BOOTSTRAP_ADMIN_EMAIL: variable(emailAddress),
  ADMIN_INVITATION: variable(invitation),
  MAIL_TRANSPORT: variable(oneOf(['mailbox', 'smtp', 'resend', 'binding']), REQUIRED),
  MAIL_FROM: variable(sender),
  SMTP_URL: variable(smtpUrl),
  RESEND_API_KEY: variable(anyText),
  RESEND_BASE_URL: variable(webUrl, 'https://api.resend.com'),
  ...PROVIDER_CLIENTS,
  OIDC_PROVIDERS: variable(json(ConfiguredIssuers), []),
  KEEP_PROVIDER_TOKENS: variable(flag, false),
  SERVICE_CLIENTS: variable(json(ServiceClients), []),
  PRODUCT_NAME: variable(
    textThat((name) => name.length <= 60, 'must be at most 60 characters'),
    DEFAULT_BRAND.productName,
  ),
  BRAND_COLOR: variable(
    textThat((color) => /^#[0-9a-fA-F]{6}$/.test(color), 'must be a colour such as #0f766e'),
    DEFAULT_BRAND.color,
  ),
  BRAND_LOGO_URL: variable(webUrl),
  RP_ID: variable(relyingPartyId),
  RP_ORIGINS: variable(list(passkeyOrigin)),
  HSTS_INCLUDE_SUBDOMAINS: variable(flag, false),
  COOKIE_SAME_SITE: variable(oneOf(['Lax', 'Strict', 'None']), 'Lax'),
  COOKIE_DOMAIN: variable(
    textThat((domain) => /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain), 'must be a domain such as example.com'),
  ),
}
type ValueOf<Of> = Of extends Variable<infer Value, infer Unset> ? Value | Unset : never
type Parsed = { [Name in keyof typeof VARIABLES]: ValueOf<(typeof VARIABLES)[Name]> }

/** The variables that hold a secret, which an operator sets apart from the settings in `wrangler.toml`. */
export const SECRET_VARIABLES: readonly (keyof Parsed)[] = [
  'AUTH_SECRET',
  'SMTP_URL',
  'RESEND_API_KEY',
  ...BUILT_IN_IDS.map((id) => toClientVariables(id).clientSecret),
  'OIDC_PROVIDERS',
  'SERVICE_CLIENTS',
  'ADMIN_INVITATION',
]

/** Reads the versions of a secret from a list, by the same rules as `parseSettings`. @throws {ConfigurationError} */
export function parseAuthSecret(text: string): Secrets {
  const read = authSecret(text)
  if (read.ok) return read.value
  throw new ConfigurationError(read.error.map((rule) => ({ variable: 'AUTH_SECRET', rule })))
}

type Refuse = (variable: string, rule: string) => void

/** Checks the rules that concern several variables at once. */
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
  const { id, origins } = toRelyingParty(values)
  if (!origins.some((origin) => isOriginOf(id, origin)))
    refuse('RP_ID', 'must be the host of one of RP_ORIGINS or a domain above it, or no page can use a passkey')
  return problems
}

/** Refuses plain http in production, except to native apps on a person's own machine (RFC 8252 §7.3). */
function refusePlainHttp(values: Parsed, refuse: Refuse): void {
  const isPlain = (url: string | undefined) => url !== undefined && new URL(url).protocol === 'http:'
  const isElsewhere = (url: string) => !['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)
  const urls = {
    ISSUER: [values.ISSUER],
    APP_URL: [values.APP_URL],
    ALLOWED_ORIGINS: values.ALLOWED_ORIGINS.filter(isElsewhere),
    ALLOWED_REDIRECTS: values.ALLOWED_REDIRECTS.filter(isElsewhere),
    RP_ORIGINS: (values.RP_ORIGINS ?? []).filter(isElsewhere),
    // The key of the mail service is sent to this address.
    RESEND_BASE_URL: [values.RESEND_BASE_URL],
  }
  for (const [variable, given] of Object.entries(urls))
    if (given.some(isPlain)) refuse(variable, 'must be https in production')
  for (const [index, { issuer }] of values.OIDC_PROVIDERS.entries())
    if (isPlain(issuer)) refuse('OIDC_PROVIDERS', `entry ${index + 1}: issuer must be https in production`)
}

/** Refuses settings in production that are meant for one person's machine. */
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

/**
 * Says for whom passkeys are made (WebAuthn Level 3 §4, "relying party identifier") and the pages and apps that may ask
 * for them. Without variables of their own, these are the host of `ISSUER`, and `ISSUER` with the pages that may call.
 */
function toRelyingParty(values: Parsed) {
  return {
    id: values.RP_ID ?? new URL(values.ISSUER).hostname,
    origins: values.RP_ORIGINS ?? [...new Set([values.ISSUER, ...values.ALLOWED_ORIGINS.filter(isWebOrigin)])],
  }
}

/** Tells whether an origin is of the host that a relying party is named by, or of one below it. */
const isOriginOf = (relyingPartyId: string, origin: string): boolean =>
  isWebOrigin(origin) && `.${new URL(origin).hostname}`.endsWith(`.${relyingPartyId}`)

/** What a deployment chose, after it was parsed and checked. */
export type Settings = ReturnType<typeof toSettings>

/** Reads the client of each built-in provider that is turned on. */
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
    mfaRememberDays: values.MFA_REMEMBER_DAYS,
    requireEmailVerification: values.REQUIRE_EMAIL_VERIFICATION,
    passwordMinLength: values.PASSWORD_MIN_LENGTH,
    passwordRequire: values.PASSWORD_REQUIRE,
    rateLimits: values.RATE_LIMITS === 'on',
    rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
    logLevel: values.LOG_LEVEL,
    deletionGraceDays: values.DELETION_GRACE_DAYS,
    auditRetentionDays: values.AUDIT_RETENTION_DAYS,
    rateLimitSensitivePerMinute: values.RATE_LIMIT_SENSITIVE_PER_MINUTE,
    mfaEmailFallback: values.MFA_EMAIL_FALLBACK === 'on',
    region: values.REGION,
    bootstrapAdminEmail: values.BOOTSTRAP_ADMIN_EMAIL ?? null,
    adminInvitation: values.ADMIN_INVITATION ?? null,
    mail: {
      transport: values.MAIL_TRANSPORT,
      from: values.MAIL_FROM ?? `${values.PRODUCT_NAME} <no-reply@${new URL(values.ISSUER).hostname}>`,
      smtp: values.SMTP_URL ?? null,
      resendApiKey: values.RESEND_API_KEY ?? null,
      resendBaseUrl: values.RESEND_BASE_URL,
    },
    brand: { productName: values.PRODUCT_NAME, color: values.BRAND_COLOR, logoUrl: values.BRAND_LOGO_URL ?? null },
    relyingParty: toRelyingParty(values),
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

/** Reads one variable. */
function readVariable(text: unknown, { kind, unset }: Variable<unknown, unknown>): ReturnType<Kind<unknown>> {
  if (typeof text === 'string' && text !== '') return kind(text)
  if (unset !== REQUIRED) return { ok: true, value: unset }
  const read = kind('')
  return { ok: false, error: read.ok ? ['must be set'] : read.error.map((rule) => `must be set (${rule})`) }
}

/**
 * Reads and checks every variable.
 * @throws {ConfigurationError} naming each variable at fault and its rule.
 */
export function parseSettings(env: Record<string, unknown>): Settings {
  const values: Record<string, unknown> = {}
  const problems: ConfigurationProblem[] = []
  for (const [name, variable] of Object.entries<Variable<unknown, unknown>>(VARIABLES)) {
    const read = readVariable(env[name], variable)
    if (read.ok) values[name] = read.value
    else problems.push(...read.error.map((rule) => ({ variable: name, rule })))
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  const parsed = values as Parsed
  const conflicts = crossCheck(parsed)
  if (conflicts.length > 0) throw new ConfigurationError(conflicts)
  return toSettings(parsed)
}
