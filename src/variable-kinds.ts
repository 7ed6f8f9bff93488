import * as z from 'zod'
import type { Secrets, SecretVersion } from './crypto/derived-key.ts'
import { parseEmailAddress } from './domain/email-address.ts'
import { parseInvitation } from './domain/invitation.ts'
import { isPageOrigin, isWebOrigin } from './domain/page-origin.ts'
import { parseSender } from './mail/addresses.ts'
import { parseSmtpUrl } from './mail/transports/smtp-url.ts'

const SECRET_MIN_BYTES = 32
const SECRET_VERSION = /^(v[1-9][0-9]{0,5}):([A-Za-z0-9_-]+={0,2})$/
const AUTH_SECRET_RULE =
  'must be set to v1:<base64url of 32 random bytes or more>; of several, separated by commas, the first makes and all are accepted (openssl rand -base64 32 | tr +/ -_)'

export const invitation = () =>
  z.string().transform((value, context) => {
    const parsed = parseInvitation(value)
    if (parsed !== null) return parsed
    context.addIssue({ code: 'custom', message: 'must be set by "npm run admin -- create-admin <email>"' })
    return z.NEVER
  })
export const flag = () => z.enum(['true', 'false']).transform((value) => value === 'true')
export const list = () =>
  z.string().transform((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  )
/** Makes the rule for a whole number. Both bounds are allowed values, and `unit` is what the number counts. */
export const wholeNumber = (minimum: number, maximum: number, unit = '') =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number${unit === '' ? '' : ` of ${unit}`}`)
    .transform(Number)
    .pipe(z.int().min(minimum, `must be at least ${minimum}`).max(maximum, `must be at most ${maximum}`))
export const json = <Schema extends z.ZodType>(schema: Schema) =>
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
export const webOrigin = () => z.string().refine(isWebOrigin, ORIGIN_RULE)
export const pageOrigin = () =>
  z.string().refine(isPageOrigin, `${ORIGIN_RULE}; of a hybrid app one such as capacitor://localhost`)
const ANDROID_APP = /^android:apk-key-hash:[A-Za-z0-9_-]{43}$/
export const passkeyOrigin = () =>
  z
    .string()
    .refine(
      (origin) => isWebOrigin(origin) || ANDROID_APP.test(origin),
      `${ORIGIN_RULE}; of an Android app android:apk-key-hash:<SHA-256 of its signing certificate in base64url>`,
    )
export const relyingPartyId = () =>
  z
    .string()
    .regex(
      /^(?:localhost|(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?)$/,
      'must be a domain such as example.com, without a scheme, a port or a path',
    )
export const webUrl = () => z.url({ protocol: /^https?$/, message: 'must be an http(s) URL' })
export const linkBase = () =>
  webUrl().refine((url) => !/[?#]/.test(url), {
    message: 'must have no query and no fragment: links in mails add a path and a fragment of their own',
  })

export const authSecret = () =>
  z.string(AUTH_SECRET_RULE).transform((text, context): Secrets => {
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

/** Reads a value by the parser of the part that uses it, so that no rule is written twice. */
const parsedBy = <Value>(parse: (text: string) => Value, toRule: (error: unknown) => string) =>
  z.string().transform((text, context) => {
    try {
      return parse(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: toRule(error) })
      return z.NEVER
    }
  })
export const smtpUrl = () =>
  parsedBy(parseSmtpUrl, (error) => (error instanceof TypeError ? error.message : 'must be a URL'))
export const sender = () =>
  parsedBy(
    (text) => {
      if (/[\r\n]/.test(text)) throw new TypeError('line break')
      parseSender(text)
      return text
    },
    () => 'must be one line with one address, such as Postern <no-reply@example.com>',
  )
export const emailAddress = () =>
  z.string().transform((text, context) => {
    const address = parseEmailAddress(text)
    if (address !== null) return address
    context.addIssue({ code: 'custom', message: 'must be an e-mail address' })
    return z.NEVER
  })
