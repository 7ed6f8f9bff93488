import { WorkerEntrypoint } from 'cloudflare:workers'
import { AuthError, isDependencyFailure } from '../errors.ts'
import { SYSTEM } from '../platform/client.ts'
import { composePlatform } from '../platform/compose.ts'
import { type VerifiedToken, type VerifyOptions, verifyForService } from '../services/service-verification.ts'

/**
 * For other Workers of the same account, over a service binding (`entrypoint = "AuthRpc"`): no network, no key to hold.
 *
 * `verify(token, { permission?, fresh? })` answers the token's claims, or why not: `unauthenticated`, `forbidden`, or `unavailable`
 * when a dependency is down. `fresh` asks the database for the session, the user's status and permissions as they are now;
 * without it the signature and the blocklist are trusted, which may lag a minute.
 */
export class AuthRpc extends WorkerEntrypoint<Env> {
  async verify(token: string, options: VerifyOptions = {}): Promise<VerifiedToken> {
    try {
      return await verifyForService(composePlatform(this.env, SYSTEM, this.ctx), token, options)
    } catch (error) {
      if (error instanceof AuthError) return { ok: false, code: 'unauthenticated' }
      if (isDependencyFailure(error)) return { ok: false, code: 'unavailable' }
      throw error
    }
  }
}
