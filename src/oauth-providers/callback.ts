import { isEqualInConstantTime } from '../domain/constant-time.ts'
import type { AuthenticationInput } from './provider.ts'
import { ProviderError, toProviderError } from './provider-error.ts'

/** Codes of the known providers are shorter than 2,000 characters (Microsoft's are the longest). */
const CODE_MAX_LENGTH = 4096

/**
 * Refuses an answer that does not belong to this login: `state` must be the one this browser was given (RFC 9700 §4.7).
 *
 * This is checked before anything else of the callback, so that a forged link cannot even show a person that a provider
 * denied something.
 */
export function checkState(parameters: URLSearchParams, expected: string): void {
  const [state, ...more] = parameters.getAll('state')
  if (state === undefined || more.length > 0 || expected === '' || !isEqualInConstantTime(state, expected))
    throw new ProviderError('invalid_state', 'state missing or foreign')
}

/**
 * Gives the authorization code of a callback.
 *
 * `iss` (RFC 9207) is optional for providers with fixed addresses, because each has a redirect URL of its own, which
 * already prevents a mix-up. Where it is present, it must be on the provider's own origin.
 * @throws {ProviderError} the provider's `error`, translated; `invalid_state`; `invalid_provider_response`.
 */
export function readCode({ parameters, state }: AuthenticationInput, providerOrigin: string): string {
  checkState(parameters, state)
  const iss = single(parameters, 'iss')
  if (iss !== null && URL.parse(iss)?.origin !== providerOrigin)
    throw new ProviderError('invalid_provider_response', 'callback: foreign iss')
  const error = single(parameters, 'error')
  if (error !== null) throw toProviderError('authorization', error)
  const code = single(parameters, 'code')
  if (code === null || code === '' || code.length > CODE_MAX_LENGTH)
    throw new ProviderError('invalid_provider_response', 'callback: no code')
  return code
}

/** Gives the value of a parameter, and refuses one that is there twice (RFC 6749 §3.1). */
function single(parameters: URLSearchParams, name: string): string | null {
  const [value, ...more] = parameters.getAll(name)
  if (more.length > 0) throw new ProviderError('invalid_provider_response', `callback: ${name} given twice`)
  return value ?? null
}
