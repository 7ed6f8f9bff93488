import { ACR, DEPENDENCY_TIMEOUT_MS, READINESS_CACHE_SECONDS, READINESS_MAX_AGE_SECONDS } from '../../config.ts'
import { signAccessToken, verifyAccessToken } from '../../crypto/access-token.ts'
import { isRecent } from '../../domain/recency.ts'
import { logError } from '../../platform/log.ts'
import type { DependencyState, Platform, Signing } from '../../platform/platform.ts'
import { within } from '../../within.ts'
import { findSigningKey, findVerifyingKey } from '../signing-keys/signing-keys.ts'

type Needs = Signing & Pick<Platform, 'probes'>

/**
 * Tells the state of every dependency, which was asked a few seconds ago at most. While one request asks anew, other
 * requests get what was known before, unless that is too old. In that case each of them asks for itself, because no
 * request may wait for the promise of another.
 */
export async function readReadiness(deps: Needs & Pick<Platform, 'readiness'>) {
  const { readiness } = deps
  const now = deps.now()
  const { known } = readiness
  const isAsking = isRecent({ at: readiness.askedAt, now }, READINESS_CACHE_SECONDS * 1000)
  const maxAgeSeconds = isAsking ? READINESS_MAX_AGE_SECONDS : READINESS_CACHE_SECONDS
  if (known !== null && isRecent({ at: known.at, now }, maxAgeSeconds * 1000)) return known.dependencies
  readiness.askedAt = now
  const dependencies = await checkReadiness(deps)
  readiness.known = { dependencies, at: now }
  return dependencies
}

/**
 * Asks every dependency once, all at the same time, and says which of them answered and how fast. It also signs and
 * verifies a token.
 */
export async function checkReadiness(deps: Needs): Promise<Record<string, DependencyState>> {
  const probes = { ...deps.probes, signingKeys: () => signAndVerify(deps) }
  const states = await Promise.all(
    Object.entries(probes).map(async ([name, probe]) => [name, await checkDependency(name, probe)] as const),
  )
  return Object.fromEntries(states)
}

async function checkDependency(name: string, probe: () => Promise<unknown>): Promise<DependencyState> {
  const start = Date.now()
  try {
    const answer = await within(DEPENDENCY_TIMEOUT_MS, probe())
    const size = name === 'database' ? { bytes: Number(answer) } : {}
    return { status: 'ok', ms: Date.now() - start, ...size }
  } catch (error) {
    logError('dependency unavailable', error, { dependency: name })
    return { status: 'unavailable', ms: Date.now() - start }
  }
}

/**
 * Proves that this service accepts a token that it has signed. The token is for nobody, and no route accepts its
 * audience.
 */
async function signAndVerify(deps: Needs): Promise<void> {
  const [issuer, audience, nobody] = [deps.settings.issuer, 'urn:postern:readiness', 'nobody']
  const now = Math.floor(deps.now() / 1000)
  const claims = {
    iss: issuer,
    sub: nobody,
    aud: audience,
    exp: now + 1,
    iat: now,
    jti: nobody,
    acr: ACR.single,
    sid: nobody,
    auth_time: now,
  }
  const token = await signAccessToken(await findSigningKey(deps), { ...claims, roles: [], permissions: [], amr: [] })
  const verified = await verifyAccessToken(
    token,
    { issuer, audiences: [audience], nowMs: now * 1000, mayHaveExpired: false },
    (kid) => findVerifyingKey(deps, kid),
  )
  if (!verified.ok) throw new Error(`a token signed here is ${verified.error} here`)
}
