import { makeRandomSecret, toChallenge } from '../../crypto/code-challenge.ts'
import { seal } from '../../crypto/sealed.ts'
import { Refusal } from '../../errors.ts'
import type { Platform } from '../../platform/platform.ts'
import { whenSessionExists } from '../../storage/conditions.ts'
import { touchIdentityStatement, whenIdentityIsOf } from '../../storage/federation/identities.ts'
import { spendStateStatement } from '../../storage/spent-states.ts'
import { hasStrongFactor } from '../factors/registry.ts'
import { readDevice } from '../login/device.ts'
import { type LoginExtras, noteRefusals, refuseUnfit } from '../login/login.ts'
import { type OpenedSession, type OpeningNeeds, openSession } from '../sessions/opening.ts'
import { findOrMakeAccount, toIdentityRow } from './accounts.ts'
import { keepForExchange, LINK_SEAL } from './exchange.ts'
import type { OAuthFlow } from './flow.ts'
import { linkIdentity, type WaitingLink } from './identities.ts'
import type { Arrival } from './linking-rules.ts'
import { sealProviderTokens } from './provider-tokens.ts'
import { askProvider, findProvider, toCallbackUrl } from './providers.ts'

type Needs = OpeningNeeds & Pick<Platform, 'providers'>

/** The result of a flow that succeeded. */
export interface Landing {
  /** The session that was opened for cookies, if one was. */
  session: OpenedSession | null
  /** The code that the page exchanges for the login, if there is one. */
  code: string | null
  /**
   * The verifier that this browser must keep to exchange the code; null where the page has a verifier of its own, or
   * where none is needed.
   */
  verifier: string | null
}

/** RFC 8176 has no name for a login at a provider; this is the name that others use (ADFS, Entra ID). */
const METHODS = ['fed']

/**
 * Ends a flow: it spends the state, verifies the provider's answer, and then signs the person in or links their
 * identity. Tokens never stand in the URL. Where a second factor is set, it is asked for at the exchange, even of a
 * page that uses cookies.
 * @throws {Refusal} `invalid_state` for a replay, or whatever the provider and the linking rules refuse.
 */
export async function completeFlow(
  deps: Needs,
  flow: OAuthFlow,
  input: { parameters: URLSearchParams } & LoginExtras,
): Promise<Landing> {
  const { db, settings } = deps
  if (flow.link) return await linkAtCallback(deps, flow, flow.link, input.parameters)
  const { arrival, account } = await noteRefusals(
    deps,
    { type: 'login.failed', account: null, provider: flow.provider },
    async () => {
      const known = await authenticate(deps, flow, input.parameters)
      return { arrival: known, account: await findOrMakeAccount(deps, known) }
    },
  )
  await refuseUnfit(deps, account)
  const { identity } = arrival
  const sealedTokens = await sealProviderTokens(settings, identity)
  const touch = touchIdentityStatement(db, identity, { lastUsedAt: deps.now(), sealedTokens })
  if (flow.delivery === 'cookie' && !hasStrongFactor(account)) {
    await touch
    const deviceId = readDevice(deps, account.id, input.deviceToken)
    const session = await openSession(deps, account, { methods: METHODS, deviceId, replaces: input.replaces })
    return { session, code: null, verifier: null }
  }
  const verifier = flow.codeChallenge === null ? makeRandomSecret() : null
  const codeChallenge = verifier === null ? flow.codeChallenge : toChallenge(verifier)
  const kept = keepForExchange(
    deps,
    { userId: account.id, codeChallenge, delivery: flow.delivery, methods: METHODS, sealedLink: null },
    whenIdentityIsOf(account.id, identity),
  )
  await db.batch([touch, kept.statement])
  return { session: null, code: kept.code, verifier }
}

async function linkAtCallback(
  deps: Needs,
  flow: OAuthFlow,
  link: NonNullable<OAuthFlow['link']>,
  parameters: URLSearchParams,
): Promise<Landing> {
  const attempt = { type: 'identity.link_failed', account: { id: link.userId }, provider: flow.provider } as const
  return await noteRefusals(deps, attempt, async () => {
    const arrival = await authenticate(deps, flow, parameters)
    const identity = await toIdentityRow(deps, arrival, { userId: link.userId, how: 'linked' })
    const waiting: WaitingLink = { identity, sessionId: link.sessionId }
    if (link.isBound) {
      await linkIdentity(deps, waiting)
      return { session: null, code: null, verifier: null }
    }
    const sealedLink = await seal(deps.settings.secrets, LINK_SEAL, waiting)
    const { userId } = link
    const kept = keepForExchange(
      deps,
      { userId, codeChallenge: null, delivery: 'body', methods: [], sealedLink },
      whenSessionExists(link.sessionId),
    )
    await kept.statement
    return { session: null, code: kept.code, verifier: null }
  })
}

/**
 * Spends the state before it redeems the code, so that a callback which was copied together with its cookie is refused
 * (RFC 9700 §4.7).
 */
async function authenticate(deps: Needs, flow: OAuthFlow, parameters: URLSearchParams): Promise<Arrival> {
  const { state, nonce, codeVerifier } = flow
  const spent = await spendStateStatement(deps.db, { id: toChallenge(state), expiresAt: flow.expiresAt })
  if (spent.length === 0) throw new Refusal('invalid_state', { reason: 'replayed' })
  const provider = findProvider(deps, flow.provider)
  const redirectUri = toCallbackUrl(deps, provider.id)
  const input = { redirectUri, state, nonce, codeVerifier, now: deps.now(), parameters }
  return { provider, identity: await askProvider(deps, provider.id, provider.authenticate(input)) }
}
