import { unicodePattern } from '../domain/unicode-pattern.ts'

/** The longest value from a user that a mail quotes, so that a device name cannot become a message of its own. */
const MAX_FACT_LENGTH = 120

/**
 * Controls, line and paragraph separators, invisible and direction-changing format characters, lone surrogates, private
 * use.
 */
const UNPRINTABLE = unicodePattern(String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\s]+`, 'gu')

/**
 * Makes a single printable line of any string, so that it can neither start a header nor a paragraph, nor turn text
 * around.
 */
export function toLine(value: string): string {
  return value.replace(UNPRINTABLE(), ' ').trim()
}

/** Makes a clean line of bounded length, for values that users influence. */
export function toFact(value: string | undefined, maxLength = MAX_FACT_LENGTH): string {
  const line = [...toLine(value ?? '')]
  return line.length > maxLength ? `${line.slice(0, maxLength - 1).join('')}…` : line.join('')
}

/** Escapes a text for HTML and for double-quoted attributes. */
export function escapeHtml(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
