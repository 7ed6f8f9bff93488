import Bowser from 'bowser'
import type { Requester } from '../../domain/requester.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import { unicodePattern } from '../../domain/unicode-pattern.ts'

/**
 * Gives the facts by which a notice tells a person when, and from where, something was done. Times are ISO 8601 in UTC.
 */
export function loginFacts(requester: Requester, nowMs: number): Record<string, string> {
  const location = [requester.city, requester.country].filter((part) => part !== null).join(', ')
  return {
    time: toTimestamp(nowMs),
    device: describeDevice(requester.userAgent),
    ...(location === '' ? {} : { location }),
  }
}

/** The usual names of programs that Bowser calls something else. */
const PROGRAM_NAMES: Readonly<Record<string, string>> = {
  'Samsung Internet for Android': 'Samsung Internet',
  'Android Browser': 'App',
  Mozilla: '',
}
const PROGRAM_MAX_LENGTH = 40
const UNSAFE_IN_A_NAME = unicodePattern(String.raw`[^\p{L}\p{N} -]+`, 'gu')

/**
 * Gives a readable name for a device, such as `Firefox on Windows`, or the own name of a program that is no browser.
 * The name stands in mails and on pages, and whoever signs in chooses the header. So of a name that Bowser does not
 * know only letters, digits and hyphens are kept, which no mail client turns into a link.
 */
export function describeDevice(userAgent: string | null): string {
  if (userAgent === null || userAgent === '') return 'Unknown device'
  const { browser, os, platform } = Bowser.parse(userAgent)
  const claimed = decodeName((browser.name || userAgent).split('/')[0] ?? '')
  const name = PROGRAM_NAMES[claimed] ?? claimed.replace(UNSAFE_IN_A_NAME(), '').slice(0, PROGRAM_MAX_LENGTH)
  const device = platform.vendor === 'Apple' && platform.type !== 'desktop' ? (platform.model ?? os.name) : os.name
  if (name.trim() === '') return device ? `Unknown program on ${device}` : 'Unknown device'
  return device ? `${name.trim()} on ${device}` : name.trim()
}

/** Decodes a name that is percent-encoded, as apps on Apple's systems send it. */
function decodeName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
