import {
  convertIPv4BinaryToString,
  convertIPv4MappedIPv6ToIPv4,
  convertIPv6BinaryToString,
  convertIPv6ToBinary,
  isIPv4MappedIPv6,
} from 'hono/utils/ipaddr'

const HOST_BITS = 64n

/**
 * What a client is counted by: an IPv4 address, or the /64 of an IPv6 one, since that is what one subscriber gets. Null where there
 * is no address: such requests are not thrown together in one bucket (Cloudflare always sets one for the public).
 */
export function toRateKey(address: string | null): string | null {
  if (address === null || address === '') return null
  if (!address.includes(':')) return address
  try {
    const binary = convertIPv6ToBinary(address)
    if (isIPv4MappedIPv6(binary)) return convertIPv4BinaryToString(convertIPv4MappedIPv6ToIPv4(binary))
    return `${convertIPv6BinaryToString((binary >> HOST_BITS) << HOST_BITS)}/64`
  } catch {
    return address
  }
}
