import * as z from 'zod'
import { OAUTH_FLOW_TTL_SECONDS } from '../../config.ts'
import { makeRandomSecret, toChallenge } from '../../crypto/code-challenge.ts'
import { seal, unseal } from '../../crypto/sealed.ts'
import { onDemand } from '../../domain/on-demand.ts'
import { isAllowedRedirect } from '../../domain/redirect-target.ts'
import { Refusal } from '../../errors.ts'
import type { OAuthProvider } from '../../oauth-providers/provider.ts'
import type { Platform } from '../../platform/platform.ts'
import type { Caller } from '../sessions/authentication.ts'
import { askProvider, findProvider, toCallbackUrl } from './providers.ts'

const Flow = onDemand(() =>
  z.object({
    provider: z.string(),
    state: z.string(),
    nonce: z.string(),
    codeVerifier: z.string(),
    redirectTo: z.string(),
    delivery: z.enum(['cookie', 'body']),
    /** The S256 challenge that the page itself made. */
    codeChallenge: z.string().nullable(),
    /** Who asked to link an identity. `isBound` says that this browser is known to belong to that person. */
    link: z.object({ userId: z.string(), sessionId: z.string(), isBound: z.boolean() }).nullable(),
    /** Unix time in milliseconds. */
    expiresAt: z.number(),
  }),
)
/**
 * What one trip to a provider and back has to remember. It travels sealed, in a cookie of the browser that makes the
 * trip.
 */
export type OAuthFlow = z.infer<typeof Flow>

/** A cookie to set: its name without a prefix, its value, and its life in seconds. */
export interface FlowCookie {
  name: string
  value: string
  maxAge: number
}

type Needs = Pick<Platform, 'settings' | 'now' | 'providers' | 'requester'>
type ReadCookie = (name: string) => string | null

const FLOW = 'oauth-flow'
const LINK_TICKET = 'oauth-link'
/** The cookies of several flows in one browser are told apart by 72 bits of the state's hash. */
const NAME_LENGTH = 12

/**
 * Begins a login. It answers where to send the browser, and the cookie that the browser must bring back.
 * @throws {Refusal} `not_found`, `redirect_not_allowed`, `provider_unavailable`, `provider_misconfigured`.
 */
export async function beginLogin(
  deps: Needs,
  providerId: string,
  wishes: Pick<OAuthFlow, 'redirectTo' | 'delivery' | 'codeChallenge'>,
): Promise<{ url: string; cookie: FlowCookie }> {
  const flow = newFlow(deps, findProvider(deps, providerId), { ...wishes, link: null })
  return { url: await authorizationUrl(deps, flow), cookie: await toCookie(deps, flow) }
}

/**
 * Begins to link a provider to the account of a caller. The route makes sure that the caller signed in not long ago.
 *
 * The URL points to this service and carries the sealed flow. A browser that kept the cookie of this very answer is the
 * caller's, and links at the callback. A browser without it (that of an app, or of a page that calls with a bearer
 * token and without credentials) goes to the provider as well, but what it brings back waits until the session that
 * asked confirms it. So nobody can make another person's browser link their identity to an account that is not theirs
 * (RFC 9700 §4.7).
 * @throws {Refusal} `not_found`, `redirect_not_allowed`.
 */
export async function beginLink(
  deps: Needs,
  caller: Caller,
  { provider: providerId, redirectTo }: { provider: string; redirectTo: string },
): Promise<{ url: string; cookie: FlowCookie }> {
  const provider = findProvider(deps, providerId)
  const link = { userId: caller.account.id, sessionId: caller.session.id, isBound: true }
  const flow = newFlow(deps, provider, { redirectTo, delivery: 'cookie', codeChallenge: null, link })
  const ticket = await seal(deps.settings.secrets, LINK_TICKET, flow)
  const url = `${deps.settings.issuer}/auth/oauth/${provider.id}/link?ticket=${ticket}`
  return { url, cookie: await toCookie(deps, flow) }
}

/**
 * Sends a browser on to the provider to link an identity. The cookie is null where the browser has it already.
 * @throws {Refusal} `not_found`; `invalid_state` for a ticket that is forged, expired or made for another provider.
 */
export async function followLink(
  deps: Needs,
  { provider, ticket }: { provider: string; ticket: string },
  readCookie: ReadCookie,
): Promise<{ url: string; cookie: FlowCookie | null }> {
  findProvider(deps, provider)
  const flow = await unsealFlow(deps, LINK_TICKET, ticket)
  if (flow?.provider !== provider || !flow.link) throw new Refusal('invalid_state', { reason: 'link ticket' })
  const url = await authorizationUrl(deps, flow)
  if (await openFlow(deps, { provider, state: flow.state }, readCookie)) return { url, cookie: null }
  return { url, cookie: await toCookie(deps, { ...flow, link: { ...flow.link, isBound: false } }) }
}

/**
 * Opens the flow that an answer with this state belongs to, if this browser began it, at this provider, and not too
 * long ago.
 */
export async function openFlow(
  deps: Needs,
  { provider, state }: { provider: string; state: string },
  readCookie: ReadCookie,
): Promise<OAuthFlow | null> {
  const sealed = readCookie(cookieName(state))
  const flow = sealed === null ? null : await unsealFlow(deps, FLOW, sealed)
  return flow?.state === state && flow.provider === provider ? flow : null
}

/** Names the cookie of a state, so that it is told from those of other flows of the same browser. */
export const cookieName = (state: string): string => toChallenge(state).slice(0, NAME_LENGTH)

function newFlow(
  { settings, now }: Needs,
  provider: OAuthProvider,
  wishes: Pick<OAuthFlow, 'redirectTo' | 'delivery' | 'codeChallenge' | 'link'>,
): OAuthFlow {
  if (!isAllowedRedirect(wishes.redirectTo, [...settings.allowedRedirects, settings.issuer]))
    throw new Refusal('redirect_not_allowed')
  return {
    provider: provider.id,
    state: makeRandomSecret(),
    nonce: makeRandomSecret(),
    codeVerifier: makeRandomSecret(),
    ...wishes,
    expiresAt: now() + OAUTH_FLOW_TTL_SECONDS * 1000,
  }
}

async function authorizationUrl(deps: Needs, { provider, state, nonce, codeVerifier }: OAuthFlow): Promise<string> {
  const redirectUri = toCallbackUrl(deps, provider)
  const input = { redirectUri, state, nonce, codeVerifier, now: deps.now() }
  return (await askProvider(deps, provider, findProvider(deps, provider).authorizationUrl(input))).href
}

async function toCookie({ settings }: Needs, flow: OAuthFlow): Promise<FlowCookie> {
  const value = await seal(settings.secrets, FLOW, flow)
  return { name: cookieName(flow.state), value, maxAge: OAUTH_FLOW_TTL_SECONDS }
}

async function unsealFlow({ settings, now }: Needs, purpose: string, sealed: string): Promise<OAuthFlow | null> {
  const flow = await unseal(settings.secrets, purpose, sealed, Flow)
  return flow && flow.expiresAt > now() ? flow : null
}
