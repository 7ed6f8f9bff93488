const GROUPS = 8
const NETWORK_GROUPS = 4

/**
 * Gives the network that an address is in: the /64 of an IPv6 address, which a household or a phone has to itself and
 * chooses new addresses from, and an IPv4 address itself, also where it is mapped into IPv6.
 */
export function toNetwork(address: string): string {
  const host = URL.parse(`http://[${address}]/`)?.hostname
  if (host === undefined) return address
  const [before = [], after] = host
    .slice(1, -1)
    .split('::')
    .map((part) => (part === '' ? [] : part.split(':')))
  const zeros = after === undefined ? [] : Array<string>(GROUPS - before.length - after.length).fill('0')
  const groups = [...before, ...zeros, ...(after ?? [])]
  const isMapped = groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff'
  return isMapped ? groups.join(':') : groups.slice(0, NETWORK_GROUPS).join(':')
}
