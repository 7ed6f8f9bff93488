import { unicodePattern } from '../domain/unicode-pattern.ts'
import { toLine } from './escape.ts'
import { MailError } from './message.ts'

/** RFC 5322 §3.2.3 `dot-atom-text`, in which nothing needs quoting, neither in a header nor in an envelope. */
const LOCAL_PART = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/
/** A URL parser takes each of these characters for a part of the host name, and for nothing else. */
const HOST_NAME = unicodePattern(String.raw`^[\p{L}\p{M}\p{N}.-]+$`)

/** The sender of a mail: the name that people see, and an all-ASCII address (RFC 5322 §3.4). */
export interface Sender {
  name: string
  address: string
}

/**
 * Reads the configured sender: `Postern <no-reply@example.com>` or a bare address. The name may hold anything but a
 * line break, so that a product called `Acme, Inc.` needs no quoting.
 *
 * @throws {MailError} where it is no address. The error is temporary, because the operator can correct the sender.
 */
export function parseSender(text: string): Sender {
  const start = text.lastIndexOf('<')
  if (start < 0) return { name: '', address: toAsciiAddress(text.trim(), 'sender') }
  const name = /^"(.*)"$/s.exec(text.slice(0, start).trim())?.[1]?.replaceAll(/\\(.)/g, '$1') ?? text.slice(0, start)
  return {
    name: toLine(name),
    address: toAsciiAddress(
      text
        .slice(start)
        .trim()
        .replace(/^<(.*)>$/, '$1'),
      'sender',
    ),
  }
}

/**
 * Reads a recipient, which must be a single address: a list or a group would send one person's link to a second person.
 *
 * @throws {MailError} permanent, where it is not exactly one address that a server without SMTPUTF8 can take.
 */
export function parseRecipient(text: string): string {
  return toAsciiAddress(text, 'recipient')
}

/** Gives the part after the `@`. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}

/**
 * Makes an all-ASCII address. An internationalised domain becomes A-labels (RFC 5891 §4.4); an internationalised local
 * part has no such form and is refused.
 */
function toAsciiAddress(address: string, role: 'sender' | 'recipient'): string {
  const [localPart = '', domain = '', ...more] = address.split('@')
  const host = HOST_NAME().test(domain) ? URL.parse(`http://${domain}/`)?.hostname : undefined
  if (more.length > 0 || host === undefined || !LOCAL_PART.test(localPart))
    throw new MailError(`invalid ${role}`, role === 'recipient')
  return `${localPart}@${host}`
}
