import { LOCALES, type Locale } from '../config.ts'

/** No browser sends a longer header, so only this much of one is read. */
const MAX_HEADER_LENGTH = 512

/**
 * Chooses the language of mails from an `Accept-Language` header, and falls back to English.
 *
 * It looks up the primary subtag (RFC 4647 §3.4), so `de-AT` gets German. A weight of 0 refuses a language (RFC 9110
 * §12.4.2), and among equal weights the first wins. That is why the `negotiator` package is not used: it prefers an
 * exact tag, and gives German for `en-US, de`.
 */
export function chooseLocale(acceptLanguage: string | null | undefined): Locale {
  const ranges = (acceptLanguage ?? '')
    .slice(0, MAX_HEADER_LENGTH)
    .split(',')
    .map(parseRange)
    .filter((range) => range.weight > 0)
    .sort((a, b) => b.weight - a.weight)
  for (const { primary } of ranges) {
    if (primary === '*') return 'en'
    const locale = LOCALES.find((candidate) => candidate === primary)
    if (locale !== undefined) return locale
  }
  return 'en'
}

/** Reads one range such as `de-AT;q=0.8`; one that is malformed gets the weight 0. */
function parseRange(range: string): { primary: string; weight: number } {
  const match = /^\s*([a-z]{1,8}|\*)(?:-[a-z0-9-]+)?\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i.exec(range)
  return { primary: match?.[1]?.toLowerCase() ?? '', weight: match === null ? 0 : Number(match[2] ?? '1') }
}
