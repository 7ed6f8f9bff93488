import { PASSWORD_MAX_LENGTH } from '../../config.ts'
import { unicodePattern } from '../../domain/unicode-pattern.ts'
import { Refusal } from '../../errors.ts'
import type { Result } from '../../result.ts'
import commonPasswords from './common-passwords.txt'

/** Character classes that a deployment may require. NIST advises against them, so none is required by default. */
const CLASSES = {
  upper: { pattern: unicodePattern(String.raw`\p{Lu}`), message: 'Use an upper-case letter.' },
  lower: { pattern: unicodePattern(String.raw`\p{Ll}`), message: 'Use a lower-case letter.' },
  digit: { pattern: unicodePattern(String.raw`\p{Nd}`), message: 'Use a digit.' },
  symbol: { pattern: unicodePattern(String.raw`[\p{P}\p{S}\p{Zs}]`), message: 'Use a symbol.' },
}

/** Shorter pieces of a name are not looked for, because they occur in too many good passwords by chance. */
const SHORTEST_PERSONAL_PIECE = 4

export interface PasswordPolicy {
  minLength: number
  require: readonly (keyof typeof CLASSES)[]
  /** The product's name, which an attacker would try first. */
  productName: string
}

/** What is known about the person who chooses the password. */
export interface PersonalFacts {
  email: string
  username: string | null
  name: string | null
}

let common: ReadonlySet<string> | null = null

/**
 * Checks a new password (NIST SP 800-63B-4 §3.1.1.2, ASVS 6.2.1-6.2.12). Its length counts in code points after NFC,
 * any character is allowed, and it must be neither common nor contain anything about the person. The error is a
 * sentence for that person.
 */
export function checkPassword(password: string, policy: PasswordPolicy, person: PersonalFacts): Result<string, string> {
  const normalised = password.normalize('NFC')
  const length = [...normalised].length
  if (length < policy.minLength) return refuse(`Use at least ${policy.minLength} characters.`)
  if (length > PASSWORD_MAX_LENGTH) return refuse(`Use at most ${PASSWORD_MAX_LENGTH} characters.`)
  const missing = policy.require.map((name) => CLASSES[name]).find(({ pattern }) => !pattern().test(normalised))
  if (missing) return refuse(missing.message)
  const folded = normalised.toLowerCase()
  common ??= new Set(commonPasswords.split('\n'))
  if (common.has(folded)) return refuse('This is one of the most common passwords. Choose another one.')
  if (personalPieces(policy, person).some((piece) => folded.includes(piece)))
    return refuse('Leave out your name, your address and the name of this service.')
  return { ok: true, value: normalised }
}

/** Asserts that the policy allows a password. @throws {Refusal} `invalid_request` that points at `path`. */
export function assertPasswordAllowed(
  password: string,
  settings: { passwordMinLength: number; passwordRequire: PasswordPolicy['require']; brand: { productName: string } },
  person: PersonalFacts,
  path: string,
): void {
  const policy = {
    minLength: settings.passwordMinLength,
    require: settings.passwordRequire,
    productName: settings.brand.productName,
  }
  const checked = checkPassword(password, policy, person)
  if (!checked.ok) throw new Refusal('invalid_request', { errors: [{ path, message: checked.error }] })
}

function personalPieces(policy: PasswordPolicy, person: PersonalFacts): string[] {
  const [localPart = ''] = person.email.split('@')
  const words = [
    localPart,
    person.username ?? '',
    ...(person.name ?? '').split(/\s+/),
    policy.productName,
    person.email,
  ]
  return words
    .map((word) => word.normalize('NFC').toLowerCase())
    .filter((word) => word.length >= SHORTEST_PERSONAL_PIECE)
}

function refuse(message: string): Result<never, string> {
  return { ok: false, error: message }
}
