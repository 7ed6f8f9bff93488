import { unicodePattern } from './unicode-pattern.ts'

/** RFC 5321 §4.5.3.1 limits the octets of a local part, of a domain, and of a whole path without its brackets. */
const MAX_LOCAL_PART_OCTETS = 64
const MAX_DOMAIN_OCTETS = 253
const MAX_ADDRESS_OCTETS = 254
/** No address that could be accepted is this long. It bounds the work that is spent on junk before it is looked at. */
const MAX_INPUT_LENGTH = 512

/** RFC 5322 §3.2.3 `dot-atom-text`, which refuses quoted local parts, spaces and consecutive dots. */
const DOT_ATOM = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i
/** Letters, marks, digits, hyphen and the ASCII dot. This refuses IP literals, ideographic full stops and symbols. */
const DOMAIN_CHARACTERS = unicodePattern(String.raw`^[\p{L}\p{M}\p{N}.-]+$`)
/** Invisible code points, which IDNA would silently drop: zero-width joiners, soft hyphens, variation selectors. */
const INVISIBLE = unicodePattern(String.raw`\p{Default_Ignorable_Code_Point}`)
const NON_ASCII = /[^\0-\x7f]/u
const ASCII = /[\0-\x7f]/
/** RFC 1035 §2.3.1 as relaxed by RFC 1123 §2.1. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Gives the canonical stored form of an e-mail address, or null where it is not one this service accepts.
 *
 * The canonical form is all ASCII and lower case, the domain in A-labels (RFC 5890 §2.3.2.1), so that two spellings of
 * one mailbox are one account. Whatever could be read as another address is refused, never repaired: a full-width or
 * small `@`, compatibility letters such as the Kelvin sign, invisible characters, line breaks (GHSA-7rqj-j65f-68wh).
 */
export function parseEmailAddress(input: string): string | null {
  if (input.length > MAX_INPUT_LENGTH || /[\r\n]/.test(input)) return null
  if (NON_ASCII.test(input) && INVISIBLE().test(input)) return null
  const parts = input.trim().split('@')
  const [localPart, domainPart] = parts
  if (parts.length !== 2 || localPart === undefined || domainPart === undefined) return null
  if (localPart.length > MAX_LOCAL_PART_OCTETS || !DOT_ATOM.test(localPart)) return null
  const domain = toAsciiDomain(domainPart)
  if (domain === null) return null
  const address = `${localPart.toLowerCase()}@${domain}`
  return address.length <= MAX_ADDRESS_OCTETS ? address : null
}

/**
 * Shows just enough of an address for its owner to recognise it: `anna@example.com` as `a***@example.com`.
 *
 * The number of stars is fixed, so that the length of the hidden part is not told either. Anything that is no address
 * is hidden whole.
 */
export function maskEmailAddress(address: string): string {
  const at = address.lastIndexOf('@')
  if (at < 1) return '***'
  const shown = at > 2 ? address.slice(0, 1) : ''
  return `${shown}***${address.slice(at)}`
}

/**
 * Gives the domain as lower-case A-labels, or null where it is not a public host name. Tables of Unicode are asked
 * about internationalised domains alone, because they cost more than all the rest, and no label of another domain has
 * anything that they would refuse.
 */
function toAsciiDomain(domain: string): string | null {
  const isInternational = NON_ASCII.test(domain) || /xn--/i.test(domain)
  if (isInternational && (!DOMAIN_CHARACTERS().test(domain) || hasDisguisedAscii(domain))) return null
  const ascii = isInternational ? idnaToAscii(domain.normalize('NFC')) : domain.toLowerCase()
  if (ascii === null || ascii.length > MAX_DOMAIN_OCTETS) return null
  const labels = ascii.split('.')
  if (labels.length < 2 || !labels.every((label) => LABEL.test(label))) return null
  // A top-level domain is never a number (RFC 3696 §2), which also refuses IPv4 addresses in each of their spellings.
  return /^(?:0x[0-9a-f]*|\d+)$/.test(labels.at(-1) ?? '') ? null : ascii
}

/** Tells whether a character is a disguise of ASCII ones (NFKC maps it onto them), such as `ｅ`, `K` (Kelvin) or `℡`. */
function hasDisguisedAscii(text: string): boolean {
  return [...text].some((character) => NON_ASCII.test(character) && ASCII.test(character.normalize('NFKC')))
}

/**
 * Converts a domain by UTS #46, with the WHATWG URL parser that every runtime of this project has, so that we keep no
 * tables of our own.
 */
function idnaToAscii(domain: string): string | null {
  const url = URL.parse(`http://${domain}/`)
  return url === null ? null : url.hostname
}
