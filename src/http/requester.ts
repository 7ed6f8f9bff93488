import type { Requester } from '../domain/requester.ts'
import { chooseLocale } from './locale.ts'

const USER_AGENT_MAX_LENGTH = 400

/**
 * Who makes a request. Everything is read when it is asked for, because most requests ask for the address alone, and
 * reading `cf` costs more CPU than verifying a token. It is a class because its getters are made once, and those of an
 * object literal anew for each request.
 */
export class HttpRequester implements Requester {
  readonly #request: Request<unknown, IncomingRequestCfProperties>

  constructor(
    request: Request,
    readonly requestId: string,
  ) {
    this.#request = request as Request<unknown, IncomingRequestCfProperties>
  }

  /** It is `CF-Connecting-IP` alone, because a client can write anything into `X-Forwarded-For`. */
  get ip() {
    return this.#request.headers.get('CF-Connecting-IP')
  }

  get country() {
    return this.#request.cf?.country ?? null
  }

  get city() {
    return this.#request.cf?.city ?? null
  }

  get userAgent() {
    return this.#request.headers.get('User-Agent')?.slice(0, USER_AGENT_MAX_LENGTH) ?? null
  }

  get locale() {
    return chooseLocale(this.#request.headers.get('Accept-Language'))
  }
}
