import { DEPENDENCY_TIMEOUT_MS } from '../../config.ts'
import { signAccessToken, verifyAccessToken } from '../../crypto/access-token.ts'
import { logError } from '../../platform/log.ts'
import type { DependencyState, Platform } from '../../platform/platform.ts'
import { within } from '../../within.ts'
import { findSigningKey, findVerifyingKey } from '../signing-keys/signing-keys.ts'

type Needs = Pick<Platform, 'probes' | 'db' | 'now' | 'settings' | 'keyRing'>

/**
 * Asks every dependency once, side by side, and says which answered and how fast; signs and verifies a token as well.
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

/** Proves that tokens signed here are believed here. The token is for nobody, and no route takes its audience. */
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
    sid: nobody,
    auth_time: now,
  }
  const token = await signAccessToken(await findSigningKey(deps), { ...claims, roles: [], permissions: [], amr: [] })
  const verified = await verifyAccessToken(
    token,
    { issuer, audience, nowMs: now * 1000, mayHaveExpired: false },
    (kid) => findVerifyingKey(deps, kid),
  )
  if (!verified.ok) throw new Error(`a token signed here is ${verified.error} here`)
}
