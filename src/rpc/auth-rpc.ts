import { WorkerEntrypoint } from 'cloudflare:workers'
import { Refusal } from '../errors.ts'
import { composePlatform } from '../platform/compose.ts'
import { logError } from '../platform/log.ts'
import { SYSTEM } from '../platform/requester.ts'
import { type VerifiedToken, type VerifyOptions, verifyForService } from '../services/introspection/verification.ts'

/**
 * The interface for other Workers of the same account, over a service binding (`entrypoint = "AuthRpc"`). It needs no
 * network, and its callers hold no key.
 *
 * `verify(token, { permission?, fresh? })` answers the token's claims, or why there are none: `unauthenticated`,
 * `forbidden`, or `unavailable` when a dependency is down or the configuration is broken. A session that lacks a second
 * factor which a role requires is `forbidden` everything. `fresh` asks the database for
 * the session, and for the user's status and permissions as they are now. Without it the signature and the blocklist
 * are trusted, which may lag (docs/security.md, "How fast a token dies"). It never throws, because an exception would
 * carry its message to the other Worker.
 */
export class AuthRpc extends WorkerEntrypoint<Env> {
  async verify(token: string, options?: VerifyOptions): Promise<VerifiedToken> {
    try {
      return await verifyForService(composePlatform(this.env, SYSTEM, this.ctx), token, options ?? {})
    } catch (error) {
      if (error instanceof Refusal) return { ok: false, code: 'unauthenticated' }
      logError('verification for a service failed', error)
      return { ok: false, code: 'unavailable' }
    }
  }
}
