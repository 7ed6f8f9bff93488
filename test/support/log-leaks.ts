/**
 * A log line must never hold any of these (ASVS 16.2.5), which are recognized by their form. The tests that run on
 * workerd and those that run on Node share this list.
 */
const FORMS: Readonly<Record<string, RegExp>> = {
  'a derived token': /\bv[1-9]\d{0,5}\.[0-9a-f-]{36}\.\d+\.[A-Za-z0-9_-]{22}/,
  'a JWT or JWE': /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*\./,
  'an e-mail address': /[A-Za-z0-9._%+'-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}/,
  'a mailed code': /(?<![\w-])(?<!\d\.)\d{8}(?![\w-]|\.\d)/,
  'a password hash': /\$(?:argon2(?:id|i|d)|scrypt|pbkdf2|2[aby])\$/,
  'an AUTH_SECRET': /\bv[1-9]\d{0,5}:[A-Za-z0-9_-]{40,}/,
  'an Authorization header': /\b(?:Bearer|Basic) [A-Za-z0-9._~+/-]{8,}/,
  'a cookie of ours': /__(?:Host|Secure)-(?:access|refresh|device)=/,
}

/** A test may use such a word as a password, and a line may hold it for other reasons. */
const IS_PLAIN_WORD = /^[a-z]{1,14}$/

/** Answers what a line leaks: the forms of secrets in it, and the names of those of the given secrets that it holds. */
export function findLeaks(line: string, secrets: ReadonlyMap<string, string> = new Map()): string[] {
  const forms = Object.entries(FORMS).filter(([, form]) => form.test(line))
  const values = [...secrets].filter(([secret]) => holds(line, secret))
  return [...forms.map(([name]) => name), ...values.map(([, name]) => name)]
}

/**
 * Answers whether a line holds a secret. Digits count only where they stand alone; any other secret counts also in the
 * form in which JSON writes it.
 */
function holds(line: string, secret: string): boolean {
  if (/^\d+$/.test(secret)) return new RegExp(`(?<![\\w-])(?<!\\d\\.)${secret}(?![\\w-]|\\.\\d)`).test(line)
  return line.includes(secret) || line.includes(JSON.stringify(secret).slice(1, -1))
}

const SECRET_MEMBER = /password|secret|token|code|ticket/i
const SECRET_MIN_LENGTH = 6

/** Collects the secrets of a request body by the names of the members that hold them. */
export function secretsIn(body: unknown): Map<string, string> {
  const found = new Map<string, string>()
  if (typeof body !== 'object' || body === null) return found
  for (const [name, value] of Object.entries(body))
    if (
      typeof value === 'string' &&
      SECRET_MEMBER.test(name) &&
      value.length >= SECRET_MIN_LENGTH &&
      !IS_PLAIN_WORD.test(value)
    )
      found.set(value, `the ${name} of a request`)
  return found
}

/**
 * A test uses these prefixes to tell the log guard (`log-guard.ts`), through the console, which secrets and lines it
 * has to look at.
 */
export const GUARD_SECRETS = '@log-guard secrets '
export const GUARD_LINES = '@log-guard lines '

/** This writes to the console as it was before a test replaced its methods. */
const toGuard = console.debug.bind(console)

const told = new Set<string>()

/** Tells the guard the secrets of a request, each of them once. */
export function noteSecrets(body: unknown): void {
  const fresh = [...secretsIn(body)].filter(([secret]) => !told.has(secret))
  for (const [secret] of fresh) told.add(secret)
  if (fresh.length > 0) toGuard(GUARD_SECRETS + JSON.stringify(fresh))
}

/** Shows the guard the lines that a test kept from the console. */
export function showGuard(lines: readonly string[]): void {
  if (lines.length > 0) toGuard(GUARD_LINES + JSON.stringify(lines))
}
