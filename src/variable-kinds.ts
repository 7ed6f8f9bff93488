import type * as z from 'zod'
import type { Secrets, SecretVersion } from './crypto/derived-key.ts'
import { parseEmailAddress } from './domain/email-address.ts'
import { type Invitation, parseInvitation } from './domain/invitation.ts'
import { isPageOrigin, isWebOrigin } from './domain/page-origin.ts'
import { parseSender } from './mail/addresses.ts'
import { parseSmtpUrl, type SmtpServer } from './mail/transports/smtp-url.ts'
import type { Result } from './result.ts'

/**
 * Reads the text of a variable, or says which rules it breaks. Every isolate reads its variables with its first
 * request, so these are plain functions, which need nothing built (docs/decisions/0019-bundle.md).
 */
export type Kind<Value> = (text: string) => Result<Value, readonly string[]>

const take = <Value>(value: Value) => ({ ok: true, value }) as const
const refuse = (...rules: readonly string[]) => ({ ok: false, error: rules }) as const

/** Takes a text as it is, where it keeps the rule. */
export const textThat =
  (keeps: (text: string) => boolean, rule: string): Kind<string> =>
  (text) =>
    keeps(text) ? take(text) : refuse(rule)

/** Takes what a parser makes of the text. Null, or an error, says that the text breaks the rule. */
const parsedBy =
  <Value>(parse: (text: string) => Value | null, toRule: (error?: unknown) => string): Kind<Value> =>
  (text) => {
    try {
      const value = parse(text)
      return value === null ? refuse(toRule()) : take(value)
    } catch (error) {
      return refuse(toRule(error))
    }
  }

export const anyText: Kind<string> = take

export const oneOf =
  <const Value extends string>(values: readonly Value[]): Kind<Value> =>
  (text) => {
    const value = values.find((known) => known === text)
    return value === undefined ? refuse(`must be one of ${values.join(', ')}`) : take(value)
  }

export const flag: Kind<boolean> = (text) => {
  const read = oneOf(['true', 'false'])(text)
  return read.ok ? take(read.value === 'true') : read
}

/** Entries of one kind, separated by commas. */
export const list =
  <Value>(kind: Kind<Value>): Kind<Value[]> =>
  (text) => {
    const entries = text.split(',').map((entry) => entry.trim())
    const read = entries.filter((entry) => entry !== '').map(kind)
    const broken = read.flatMap((entry, index) => (entry.ok ? [] : entry.error.map((rule) => toEntryRule(index, rule))))
    return broken.length > 0 ? refuse(...broken) : take(read.flatMap((entry) => (entry.ok ? [entry.value] : [])))
  }

const toEntryRule = (index: number, rule: string) => `entry ${index + 1}: ${rule}`

/** A whole number. Both bounds are allowed values, and `unit` is what the number counts. */
export const wholeNumber =
  (minimum: number, maximum: number, unit = ''): Kind<number> =>
  (text) => {
    if (!/^\d+$/.test(text)) return refuse(`must be a whole number${unit === '' ? '' : ` of ${unit}`}`)
    const number = Number(text)
    if (number < minimum) return refuse(`must be at least ${minimum}`)
    return number > maximum ? refuse(`must be at most ${maximum}`) : take(number)
  }

/** JSON of a schema. A rule names the entry and the member that break it. */
export const json =
  <Schema extends z.ZodType>(schema: Schema): Kind<z.output<Schema>> =>
  (text) => {
    const value = parseJson(text)
    if (value === undefined) return refuse('must be JSON')
    const { data, error } = schema.safeParse(value)
    if (error === undefined) return take(data as z.output<Schema>)
    const rules = error.issues.map(({ path: [index, ...members], message }) =>
      index === undefined ? message : toEntryRule(Number(index), [...members, message].join(' ')),
    )
    return refuse(...rules)
  }

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const ORIGIN_RULE = 'must be an origin such as https://auth.example.com, without a path, a trailing slash or a wildcard'
export const webOrigin = textThat(isWebOrigin, ORIGIN_RULE)
export const pageOrigin = textThat(isPageOrigin, `${ORIGIN_RULE}; of a hybrid app one such as capacitor://localhost`)

const ANDROID_APP = /^android:apk-key-hash:[A-Za-z0-9_-]{43}$/
export const passkeyOrigin = textThat(
  (origin) => isWebOrigin(origin) || ANDROID_APP.test(origin),
  `${ORIGIN_RULE}; of an Android app android:apk-key-hash:<SHA-256 of its signing certificate in base64url>`,
)

const DOMAIN = /^(?:localhost|(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?)$/
export const relyingPartyId = textThat(
  (id) => DOMAIN.test(id),
  'must be a domain such as example.com, without a scheme, a port or a path',
)

export const webUrl = parsedBy(
  (text) => {
    const url = text.trim()
    return /^https?:\/\/\S+$/i.test(url) && URL.canParse(url) ? url : null
  },
  () => 'must be an http(s) URL',
)

/** The address of pages that links in mails lead to. */
export const linkBase: Kind<string> = (text) =>
  /[?#]/.test(text)
    ? refuse('must have no query and no fragment: links in mails add a path and a fragment of their own')
    : webUrl(text)

export const invitation: Kind<Invitation> = parsedBy(
  parseInvitation,
  () => 'must be set by "npm run admin -- create-admin <email>"',
)
export const emailAddress = parsedBy(parseEmailAddress, () => 'must be an e-mail address')
export const smtpUrl: Kind<SmtpServer> = parsedBy(parseSmtpUrl, (error) =>
  error instanceof TypeError ? error.message : 'must be a URL',
)
export const sender = parsedBy(
  (text) => {
    if (/[\r\n]/.test(text)) return null
    parseSender(text)
    return text
  },
  () => 'must be one line with one address, such as Postern <no-reply@example.com>',
)

const SECRET_MIN_BYTES = 32
const SECRET_VERSION = /^(v[1-9][0-9]{0,5}):([A-Za-z0-9_-]+={0,2})$/
const AUTH_SECRET_RULE =
  'must be set to v1:<base64url of 32 random bytes or more>; of several, separated by commas, the first makes and all are accepted (openssl rand -base64 32 | tr +/ -_)'

export const authSecret: Kind<Secrets> = (text) => {
  const versions: SecretVersion[] = []
  for (const part of text.split(',')) {
    const [, version, encoded = ''] = SECRET_VERSION.exec(part.trim()) ?? []
    const secret = new Uint8Array(Buffer.from(encoded, 'base64url'))
    const isWeak = secret.length < SECRET_MIN_BYTES || new Set(secret).size < 8
    if (version === undefined || isWeak || versions.some((known) => known.version === version))
      return refuse(AUTH_SECRET_RULE)
    versions.push({ version, secret })
  }
  const [first, ...others] = versions
  return first ? take([first, ...others]) : refuse(AUTH_SECRET_RULE)
}
