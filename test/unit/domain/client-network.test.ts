import { describe, expect, it } from 'vitest'
import { toNetwork } from '../../../src/domain/client-network.ts'

describe('the network of a client', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
  ])('of %s is %s', (address, network) => {
    expect(toNetwork(address)).toBe(network)
  })

  it('tells IPv4 addresses apart that are mapped into IPv6', () => {
    expect(toNetwork('::ffff:203.0.113.7')).not.toBe(toNetwork('::ffff:203.0.113.8'))
  })

  it('tells networks apart, and not the addresses of one', () => {
    expect(toNetwork('2001:db8:1:2::1')).toBe(toNetwork('2001:db8:1:2:ffff::1'))
    expect(toNetwork('2001:db8:1:2::1')).not.toBe(toNetwork('2001:db8:1:3::1'))
  })

  it('leaves what is no address as it is', () => {
    expect(toNetwork('nonsense')).toBe('nonsense')
  })
})
