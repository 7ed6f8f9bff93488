import { OAUTH_EXCHANGE_TTL_SECONDS } from '../../config.ts'
import { isVerifierOf } from '../../crypto/code-challenge.ts'
import { makeToken, verifyToken } from '../../crypto/derived-token.ts'
import { unseal } from '../../crypto/sealed.ts'
import { Refusal } from '../../errors.ts'
import type { Platform } from '../../platform/platform.ts'
import type { Condition } from '../../storage/conditions.ts'
import {
  findExchange,
  insertExchangeStatement,
  type LoginExchange,
  takeExchange,
} from '../../storage/federation/login-exchanges.ts'
import { newSalt } from '../identifiers.ts'
import { readDevice } from '../login/device.ts'
import { completeLogin, type LoginResult, noteRefusals, refuseUnfit } from '../login/login.ts'
import type { Caller } from '../sessions/authentication.ts'
import type { OpeningNeeds } from '../sessions/opening.ts'
import { NO_SESSION_COOKIES, type SessionCookies } from '../sessions/replaced.ts'
import { linkIdentity, WaitingLink } from './identities.ts'

const PURPOSE = 'oauth_exchange'
/** The purpose that a `WaitingLink` is sealed for. */
export const LINK_SEAL = 'oauth-waiting-link'

type Needs = OpeningNeeds & Pick<Platform, 'providers'>

export type Exchanged =
  | { login: LoginResult; delivery: LoginExchange['delivery'] }
  /** An identity was linked, and the session that asked for it goes on. */
  | { linked: Pick<Caller, 'account' | 'session'> }

/**
 * Keeps a login for a minute, until its page fetches it. It does so only if `when` holds, because what the login was
 * proven with may have been removed since. The code is derived from a secret, so that nobody who can read or write the
 * database can make one.
 */
export function keepForExchange(
  deps: Pick<Platform, 'db' | 'now' | 'settings'>,
  login: Pick<LoginExchange, 'userId' | 'codeChallenge' | 'delivery' | 'methods' | 'sealedLink'>,
  when: Condition,
) {
  const now = deps.now()
  const row = {
    ...login,
    id: crypto.randomUUID(),
    salt: newSalt(),
    createdAt: now,
    expiresAt: now + OAUTH_EXCHANGE_TTL_SECONDS * 1000,
  }
  const code = makeToken(deps.settings.secrets, { purpose: PURPOSE, id: row.id, generation: 0, salt: row.salt })
  return { code, statement: insertExchangeStatement(deps.db, row, when) }
}

/**
 * Hands a waiting login to whoever began it. That is the page that has the verifier of its challenge, the browser that
 * has the verifier's cookie, or the session that asked to link. When several requests come with one code, only one is
 * served (GHSA-hc7v-rggr-4hvx).
 * @throws {Refusal} `invalid_code`, whatever is wrong; `unauthenticated` for a link without its session;
 * `account_deactivated`.
 */
export async function exchangeCode(
  deps: Needs,
  input: {
    code: string
    verifier: string | null
    deviceToken: string | null
    /** The session cookies of the request. */
    cookies: SessionCookies
    /** Finds out who is signed in. It is only called where that matters. */
    authenticate: () => Promise<Caller>
  },
): Promise<Exchanged> {
  const claimed = verifyToken(deps.settings.secrets, input.code, PURPOSE)
  const found = claimed && (await findExchange(deps.db, claimed, deps.now()))
  if (!found) throw new Refusal('invalid_code')
  const { exchange, account } = found
  if (exchange.sealedLink !== null) return { linked: await linkAtExchange(deps, exchange, await input.authenticate()) }
  const { codeChallenge, delivery, methods } = exchange
  if (codeChallenge === null || input.verifier === null || !isVerifierOf(codeChallenge, input.verifier))
    throw new Refusal('invalid_code', { reason: 'code verifier' })
  await take(deps, exchange)
  await refuseUnfit(deps, account)
  const deviceId = readDevice(deps, account.id, input.deviceToken)
  const replaces = delivery === 'cookie' ? input.cookies : NO_SESSION_COOKIES
  return { login: await completeLogin(deps, account, { methods, deviceId, replaces }), delivery }
}

async function linkAtExchange(
  deps: Needs,
  exchange: LoginExchange,
  caller: Caller,
): Promise<Pick<Caller, 'account' | 'session'>> {
  const waiting = await unseal(deps.settings.secrets, LINK_SEAL, exchange.sealedLink ?? '', WaitingLink)
  if (waiting?.sessionId !== caller.session.id || exchange.userId !== caller.account.id)
    throw new Refusal('invalid_code', { reason: 'another session asked to link' })
  await take(deps, exchange)
  const { account, session } = caller
  const { provider } = waiting.identity
  return await noteRefusals(deps, { type: 'identity.link_failed', account, provider }, async () => ({
    account: await linkIdentity(deps, waiting),
    session,
  }))
}

async function take({ db }: Pick<Platform, 'db'>, { id }: LoginExchange): Promise<void> {
  if (!(await takeExchange(db, id))) throw new Refusal('invalid_code', { reason: 'used at the same moment' })
}
