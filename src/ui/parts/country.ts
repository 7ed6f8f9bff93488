import { language } from '../texts/language.ts'

const NAMES = new Intl.DisplayNames(language, { type: 'region', fallback: 'code' })

/** Names a country. Some codes are none, such as the one that Cloudflare has for Tor, and stay as they are. */
export const nameCountry = (code: string): string => (/^[A-Z]{2}$/.test(code) ? (NAMES.of(code) ?? code) : code)
