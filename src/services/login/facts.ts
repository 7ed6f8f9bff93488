import Bowser from 'bowser'
import type { Requester } from '../../domain/requester.ts'

/** What a notice tells a person of when, and from where, something was done. The time is ISO 8601 in UTC. */
export function loginFacts(requester: Requester, nowMs: number): Record<string, string> {
  const location = [requester.city, requester.country].filter((part) => part !== null).join(', ')
  return {
    time: new Date(nowMs).toISOString(),
    device: describeDevice(requester.userAgent),
    ...(location === '' ? {} : { location }),
  }
}

/** What a person would call a program for which Bowser has another name. */
const PROGRAM_NAMES: Readonly<Record<string, string>> = {
  'Samsung Internet for Android': 'Samsung Internet',
  'Android Browser': 'App',
  Mozilla: '',
}
const PROGRAM_MAX_LENGTH = 40

/**
 * A readable name for a device, e.g. `Firefox on Windows`; of a program that is no browser, its own name. It stands in
 * mails and on pages, and whoever signs in chooses the header, so of what Bowser does not know only letters, digits and
 * hyphens are kept: no text that a mail client makes a link of.
 */
export function describeDevice(userAgent: string | null): string {
  if (userAgent === null || userAgent === '') return 'Unknown device'
  const { browser, os, platform } = Bowser.parse(userAgent)
  const claimed = decodeName((browser.name || userAgent).split('/')[0] ?? '')
  const name = PROGRAM_NAMES[claimed] ?? claimed.replace(/[^\p{L}\p{N} -]+/gu, '').slice(0, PROGRAM_MAX_LENGTH)
  const device = platform.vendor === 'Apple' && platform.type !== 'desktop' ? (platform.model ?? os.name) : os.name
  if (name.trim() === '') return device ? `Unknown program on ${device}` : 'Unknown device'
  return device ? `${name.trim()} on ${device}` : name.trim()
}

/** Apps of Apple's send their names percent-encoded. */
function decodeName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
