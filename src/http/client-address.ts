import { convertIPv6BinaryToString } from 'hono/utils/ipaddr'
import { readAddress } from '../domain/client-network.ts'

/** A name that a client is counted by, and how many times the limit of one client applies to it. */
export interface RateKey {
  key: string
  times: number
}

/**
 * The networks that an IPv6 client is counted by, the narrowest first. A subscriber gets a /64, many get a /56, and a
 * tunnel broker gives anybody a /48, which contains 65,536 networks of the first kind.
 */
const IPV6_NETWORKS = [
  { bits: 64, times: 1 },
  { bits: 56, times: 4 },
  { bits: 48, times: 16 },
]

/**
 * The address that every Worker of every customer has when it calls another zone (developers.cloudflare.com,
 * "CF-Connecting-IP").
 */
const WORKERS_ADDRESS = '2a06:98c0:3600::103'

/**
 * Names what a client is counted by, the narrowest first: an IPv4 address, or three networks of an IPv6 address. A
 * Worker is counted by the zone that Cloudflare says it belongs to, because all Workers share one address. A request
 * without an address gets no name, so that such requests are not counted together; Cloudflare always sets an address
 * for requests from outside.
 */
export function toRateKeys(address: string | null, workerZone: string | null = null): readonly RateKey[] {
  if (address === null || address === '') return []
  if (address === WORKERS_ADDRESS && workerZone !== null) return [{ key: `zone ${workerZone}`, times: 1 }]
  const read = readAddress(address)
  if (typeof read === 'string') return [{ key: read, times: 1 }]
  return IPV6_NETWORKS.map(({ bits, times }) => {
    const hostBits = BigInt(128 - bits)
    return { key: `${convertIPv6BinaryToString((read >> hostBits) << hostBits)}/${bits}`, times }
  })
}
