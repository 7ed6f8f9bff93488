import {
  ArcticFetchError,
  OAuth2RequestError,
  type OAuth2Tokens,
  UnexpectedErrorResponseBodyError,
  UnexpectedResponseError,
} from 'arctic'
import { isObject, textOrNull, withinTimeout } from './network.ts'
import type { ProviderTokens } from './provider.ts'
import { ProviderError, toProviderError } from './provider-error.ts'

export interface ReceivedTokens extends ProviderTokens {
  /** The ID token, which is not verified yet; null where the provider sent none. */
  idToken: string | null
}

/**
 * Waits for one of Arctic's token requests, and translates its result.
 *
 * Arctic takes neither a signal nor a size limit. The time-out is put around the request here. There is no size limit,
 * because Arctic only asks the fixed hosts of the built-in providers.
 * @throws {ProviderError}
 */
export async function receiveTokens(request: Promise<OAuth2Tokens>, now: number): Promise<ReceivedTokens> {
  const data = await withinTimeout(request)
    .then((tokens): unknown => tokens.data)
    .catch((error: unknown) => {
      throw translate(error)
    })
  if (!isObject(data)) throw new ProviderError('provider_unavailable', 'token endpoint: not a JSON object')
  // GitHub reports errors with status 200, and Arctic's generic client takes those for tokens.
  if (typeof data.error === 'string') throw toProviderError('token', data.error)
  const accessToken = textOrNull(data.access_token)
  if (accessToken === null) throw new ProviderError('invalid_provider_response', 'token endpoint: no access token')
  const lifetimeSeconds = data.expires_in
  return {
    accessToken,
    refreshToken: textOrNull(data.refresh_token),
    expiresAt: typeof lifetimeSeconds === 'number' && lifetimeSeconds > 0 ? now + lifetimeSeconds * 1000 : null,
    idToken: textOrNull(data.id_token),
  }
}

/** Gives the ID token, which an OpenID provider must send. */
export function requireIdToken({ idToken }: ReceivedTokens): string {
  if (idToken === null) throw new ProviderError('invalid_provider_response', 'token endpoint: no ID token')
  return idToken
}

/** Gives the tokens without the ID token. These may be kept, where the configuration asks for it. */
export function withoutIdToken({ accessToken, refreshToken, expiresAt }: ReceivedTokens): ProviderTokens {
  return { accessToken, refreshToken, expiresAt }
}

function translate(error: unknown): unknown {
  if (error instanceof OAuth2RequestError) return toProviderError('token', error.code)
  if (error instanceof UnexpectedResponseError || error instanceof UnexpectedErrorResponseBodyError)
    return new ProviderError('provider_unavailable', `token endpoint: HTTP status ${error.status}`)
  if (error instanceof ArcticFetchError)
    return new ProviderError('provider_unavailable', 'token endpoint: connection failed')
  return error
}
