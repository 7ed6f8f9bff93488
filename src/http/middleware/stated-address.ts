import { createMiddleware } from 'hono/factory'
import { Refusal } from '../../errors.ts'
import type { AppEnv } from '../context.ts'
import { limitAltogether } from './rate-limit.ts'
import { findClientId } from './require-client.ts'

const ADDRESS = 'Postern-Client-Address'

/** It is loaded with the first stated address, so that no other start of the Worker waits for it. */
const isIP = (address: string): number => process.getBuiltinModule('node:net').isIP(address)

/**
 * Takes the address of a person from the back end that calls for them, so that limits and the audit trail use it
 * instead of the back end's own. The back end proves by its secret that it may do so. Anybody else is refused, because
 * a client could otherwise choose the address that it is counted by. This comes before the limits, so it counts what it
 * refuses itself, by the address that Cloudflare gives.
 */
export const takeStatedAddress = createMiddleware<AppEnv>(async (c, next) => {
  const service = c.req.header('Postern-Service')
  const address = c.req.header(ADDRESS)
  if (service === undefined && address === undefined) return await next()
  const platform = c.get('platform')
  const claim = new Request(c.req.url, { headers: { Authorization: service ?? '' } })
  if (findClientId(platform.settings, claim) === null || address === undefined) {
    await limitAltogether(c)
    throw new Refusal('invalid_client', { reason: 'a client address stated by nobody we know' })
  }
  if (isIP(address) === 0 || address.includes('%')) {
    await limitAltogether(c)
    throw new Refusal('invalid_request', { errors: [{ path: ADDRESS, message: 'Send an IPv4 or an IPv6 address.' }] })
  }
  // The location is removed, because where the back end stands says nothing about where the person is.
  const { requestId, userAgent, locale } = platform.requester
  c.set('platform', {
    ...platform,
    requester: { requestId, ip: address, country: null, city: null, userAgent, locale },
  })
  await next()
})
