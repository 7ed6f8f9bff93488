import type { Locale } from '../config.ts'
import { toFact, toLine } from './escape.ts'
import type { Brand, MailContent, MailKind } from './message.ts'
import { de } from './texts/de.ts'
import { en } from './texts/en.ts'
import { DEVICE_WORDS, FACT_LABELS, type MailText, type MailTexts } from './texts/mail-texts.ts'

/** A list of sign-ins may be longer than one fact, because a name must still be readable behind many others. */
const MAX_LIST_LENGTH = 1000

const TEXTS: Readonly<Record<Locale, MailTexts<MailKind>>> = { en, de }

/** A mail in words with its facts, link and code. The text part and the HTML part are both made from it. */
export interface Letter extends Omit<MailText, 'action'> {
  locale: Locale
  product: string
  facts: readonly { label: string; value: string }[]
  /** The address that the mail leads to, the label of its button, and the words over the bare address. */
  link: { address: string; label: string; hint: string } | null
  code: string | null
  codeHint: string
}

/** Puts a mail into the words of its language. */
export function composeLetter({ kind, locale, link, code, details }: MailContent, brand: Brand): Letter {
  const texts = TEXTS[locale]
  const product = toLine(brand.productName)
  const factor = toFact(details.factor)
  const signIns = {
    signIn: toFact(details.signIn, MAX_LIST_LENGTH),
    dropped: toFact(details.dropped, MAX_LIST_LENGTH),
    kept: toFact(details.kept, MAX_LIST_LENGTH),
  }
  const shown = {
    ...signIns,
    time: formatTime(toFact(details.time), locale),
    device: formatDevice(toFact(details.device), texts),
    location: toFact(details.location),
  }
  const { action, ...mail } = texts.mails[kind]({
    product,
    duration: details.minutes === undefined ? '' : formatDuration(Number(details.minutes), locale),
    email: toFact(details.email),
    left: toFact(details.left),
    factor: Object.hasOwn(texts.factors, factor) ? (texts.factors[factor] ?? factor) : factor,
    ...signIns,
    roles: toFact(details.roles, MAX_LIST_LENGTH),
    isUnconfirmed: details.unconfirmed !== undefined,
  })
  return {
    ...mail,
    locale,
    product,
    facts: FACT_LABELS.map((key) => ({ label: texts.labels[key], value: shown[key] })).filter(
      (fact) => fact.value !== '',
    ),
    link: link === null || action === null ? null : { address: toLine(link), label: action, hint: texts.linkHint },
    code: code === null ? null : code.replaceAll(/\D/g, ''),
    codeHint: link === null ? texts.codeLabel : texts.codeHint,
  }
}

/**
 * Translates a device as `describeDevice` names it, such as `Firefox on Linux`. The names of programs and systems stay
 * as they are.
 */
function formatDevice(device: string, { deviceWords }: MailTexts): string {
  const [program = '', ...system] = device.split(' on ')
  const known = DEVICE_WORDS.find((word) => word === program)
  return [known ? deviceWords[known] : program, ...system].join(` ${deviceWords.on} `)
}

/**
 * Writes a duration in whole days (from two on) or hours where it comes out even, and otherwise in minutes: "7 days",
 * "24 hours", "1 hour", "45 minutes".
 */
function formatDuration(minutes: number, locale: Locale): string {
  const hours = minutes / 60
  const [value, unit] = !Number.isInteger(hours)
    ? [minutes, 'minute']
    : hours > 24 && hours % 24 === 0
      ? [hours / 24, 'day']
      : [hours, 'hour']
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(value)
}

/** Writes an ISO time out in UTC; any other text stays as it is. */
function formatTime(time: string, locale: Locale): string {
  if (!/^\d{4}-\d{2}-\d{2}T/.test(time)) return time
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return time
  return `${new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(date)} UTC`
}
