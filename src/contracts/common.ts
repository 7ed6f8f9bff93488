import * as z from 'zod'
import { CODE_DIGITS, PASSWORD_MAX_LENGTH } from '../config.ts'
import { parseEmailAddress } from '../domain/email-address.ts'
import { onDemand } from '../domain/on-demand.ts'
import { unicodePattern } from '../domain/unicode-pattern.ts'

const PRINTABLE = unicodePattern(String.raw`^[^\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+$`)

/**
 * Names a contract for the OpenAPI document. Like every contract it is built when a request first needs it, because
 * building all of them took a third of the Worker's start-up (docs/decisions/0019-bundle.md).
 */
export function named<Contract extends z.ZodType>(id: string, build: () => Contract): Contract {
  const contract = onDemand(build)
  z.globalRegistry.add(contract, { id })
  return contract
}

/** An e-mail address in its canonical form, in which addresses are looked up, stored and sent to. */
export const emailAddress = () =>
  z
    .string()
    .max(320)
    .transform((value, context) => {
      const address = parseEmailAddress(value)
      if (address !== null) return address
      context.addIssue({ code: 'custom', message: 'This is not an e-mail address.' })
      return z.NEVER
    })
    .meta({ type: 'string', format: 'email', example: 'ada@example.com' })

export const username = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9]{3,32}$/, 'Use 3 to 32 letters and digits.')
    .meta({ example: 'ada' })

/** A person's name, which may have any characters but control and invisible formatting characters. */
export const personName = () =>
  z
    .string()
    .transform((value) => value.trim().normalize('NFC'))
    .pipe(
      z
        .string()
        .min(1, 'Use at least one character.')
        .max(100, 'Use at most 100 characters.')
        .regex(PRINTABLE(), 'Use no control characters.'),
    )
    .meta({ type: 'string', example: 'Ada Lovelace' })

/** A name that may be taken away. The document says so only where the type of the name is said anew. */
export const personNameOrNull = () =>
  personName()
    .nullable()
    .meta({ type: ['string', 'null'] })

/** A password that somebody claims to have. The password policy says what a new one must be like. */
export const passwordAttempt = () =>
  z
    .string()
    .min(1)
    .max(PASSWORD_MAX_LENGTH * 2, 'This is too long for a password.')
    .meta({ format: 'password', example: 'correct horse battery staple' })

export const oneTimeCode = () =>
  z
    .string()
    .regex(new RegExp(`^\\d{${CODE_DIGITS}}$`), `Send the ${CODE_DIGITS} digits of the code.`)
    .meta({ example: '12345678' })

export const opaqueToken = () => z.string().min(1).max(512)

export const delivery = () =>
  z
    .enum(['cookie', 'body'])
    .default('body')
    .meta({ description: 'Where the tokens go: HttpOnly cookies, or the body. Never both.' })

export const timestamp = () => z.iso.datetime().meta({ example: '2026-01-31T12:00:00.000Z' })

/** The parameters of a path that names a thing by its id. */
export const IdParams = onDemand(() => z.object({ id: z.string().min(1).max(64) }))

export const Status = <Value extends string>(value: Value) => onDemand(() => z.object({ status: z.literal(value) }))

/** The body of every refusal (RFC 9457). */
export const Problem = named('Problem', () =>
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    requestId: z.string(),
  }),
)
