import {
  convertIPv4BinaryToString,
  convertIPv4MappedIPv6ToIPv4,
  convertIPv6ToBinary,
  isIPv4MappedIPv6,
} from 'hono/utils/ipaddr'

/** The groups of an IPv6 address that name its /64, by how far they stand from the end of the address, in bits. */
const NETWORK_GROUPS = [112n, 96n, 80n, 64n]
const GROUP_MASK = 0xffffn

/**
 * Reads an IPv6 address as a number. An IPv4 address stays a text, also where it is mapped into IPv6, and so does what
 * is no address.
 */
export function readAddress(address: string): string | bigint {
  if (!address.includes(':')) return address
  try {
    const binary = convertIPv6ToBinary(address)
    return isIPv4MappedIPv6(binary) ? convertIPv4BinaryToString(convertIPv4MappedIPv6ToIPv4(binary)) : binary
  } catch {
    return address
  }
}

/**
 * Gives the network that an address is in: the /64 of an IPv6 address, which a household or a phone has to itself and
 * chooses new addresses from, and an IPv4 address itself, also where it is mapped into IPv6.
 */
export function toNetwork(address: string): string {
  const read = readAddress(address)
  if (typeof read === 'string') return read
  return NETWORK_GROUPS.map((shift) => ((read >> shift) & GROUP_MASK).toString(16)).join(':')
}
