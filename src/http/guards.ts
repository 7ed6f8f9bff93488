import type { Permission } from '../domain/permissions.ts'
import { Refusal, type RefusalCode } from '../errors.ts'
import {
  authenticateRead,
  type Caller,
  type CallerWithCredentials,
  isForEnrolment,
  verifySignature,
} from '../services/sessions/authentication.ts'
import { type ReadAsCaller, readWithAccount } from '../services/sessions/reading.ts'
import { assertFullStanding, assertRecentFactor, assertRecentLogin } from '../services/sessions/standing.ts'
import type { Context } from './context.ts'
import type { Guard } from './guard.ts'
import {
  authenticateCaller,
  authenticateCallerWithCredentials,
  type Leniency,
  requireAccessToken,
} from './middleware/authenticate.ts'
import { limitLogins } from './middleware/rate-limit.ts'
import { authenticateClient } from './middleware/require-client.ts'

type Claims = Awaited<ReturnType<typeof authenticateRead>>

/** The requests whose session and permission `readAsCaller` has found to be good. */
const letIn = new WeakSet<Context>()

/** What a route needs to read as its caller. */
interface CallerReading {
  claims: Claims
  readAsCaller: ReadAsCaller
}

/** An access token, in one of the two ways that it may be carried. */
const SIGNED_IN = [{ bearer: [] }, { cookie: [] }]
const TOKEN_REFUSALS = ['ambiguous_credentials', 'unauthenticated'] as const
const STANDING_REFUSALS = ['enrolment_required', 'step_up_required'] as const

/** The codes of what a guard refuses that asks for a token. */
const refusalsOf = ({ mayEnrol = false }: Leniency): readonly RefusalCode[] =>
  mayEnrol ? TOKEN_REFUSALS : [...TOKEN_REFUSALS, ...STANDING_REFUSALS]

/**
 * Lets in whoever has a valid access token, for reading. It trusts the token and the blocklist, whose lag
 * docs/security.md states. Only where the token is for enrolment it asks the database, which refuses the session unless
 * it has shown the factor since. It adds `claims`.
 */
export const token = (leniency: Leniency = {}): Guard<{ claims: Claims }> => ({
  security: SIGNED_IN,
  refuses: refusalsOf(leniency),
  actsByToken: false,
  async check(c) {
    const claims = await authenticateRead(c.get('platform'), requireAccessToken(c))
    if (isForEnrolment(claims) && !leniency.mayEnrol) await authenticateCaller(c)
    c.set('userId', claims.sub)
    c.get('platform').noteActivity(claims.sid)
    return { claims }
  },
})

/**
 * Lets in a signed-in user, or one who holds a permission, for reading what is in the database. The route reads it by
 * `readAsCaller`, which asks in the same round trip for the session and the account as they are now. Before that the
 * guard only checks the token, so an answer of a route that has not read in this way becomes an internal error.
 */
export const reader = ({
  permission: name,
  mayEnrol = false,
}: { permission?: Permission } & Leniency = {}): Guard<CallerReading> => ({
  security: SIGNED_IN,
  refuses: [...refusalsOf({ mayEnrol }), ...(name === undefined ? [] : (['forbidden'] as const))],
  actsByToken: false,
  async check(c) {
    const platform = c.get('platform')
    const claims = await verifySignature(platform, requireAccessToken(c))
    return {
      claims,
      async readAsCaller(statement) {
        const { account, session, answer } = await readWithAccount(platform, claims, statement)
        c.set('userId', account.id)
        if (!mayEnrol) assertFullStanding(platform, { account, session })
        platform.noteActivity(claims.sid)
        if (name !== undefined) assertPermission(account, name)
        letIn.add(c)
        return answer
      },
    }
  },
  checkAnswer(c, { status }) {
    if (status < 400 && !letIn.has(c)) throw new Error('the route has answered without reading as its caller')
  },
})

/**
 * Lets in a signed-in user, for whatever changes something. It asks the database for the session and the account as
 * they are now. It adds `caller`.
 */
export const user = (leniency: Leniency = {}): Guard<{ caller: Caller }> => ({
  security: SIGNED_IN,
  refuses: refusalsOf(leniency),
  actsByToken: true,
  check: async (c) => ({ caller: await authenticateCaller(c, leniency) }),
})

/**
 * Lets in a signed-in user whom the route asks for the password once more. It adds `caller`, with what the password is
 * verified by.
 */
export const userWithCredentials = (leniency: Leniency = {}): Guard<{ caller: CallerWithCredentials }> => ({
  security: SIGNED_IN,
  refuses: refusalsOf(leniency),
  actsByToken: true,
  check: async (c) => ({ caller: await authenticateCallerWithCredentials(c, leniency) }),
})

/**
 * Lets in a user who signed in, or stepped up, within ten minutes, and with a strong factor where the account has one
 * (ASVS 7.5.1). There is no weaker kind, so no route can forget to ask for the factor. It adds `caller`.
 */
export const recentLogin = (leniency: Leniency = {}): Guard<{ caller: Caller }> => ({
  security: SIGNED_IN,
  refuses: [...refusalsOf(leniency), 'step_up_required'],
  actsByToken: true,
  async check(c) {
    const caller = await authenticateCaller(c, leniency)
    assertRecentLogin(c.get('platform'), caller)
    return { caller }
  },
})

/**
 * Does the same for a route that asks for the password once more, or for a recent login where it gets none: only a
 * strong factor, where the account has one, must have been shown within ten minutes. It adds `caller`, with what the
 * password is verified by.
 */
export const recentFactor = (): Guard<{ caller: CallerWithCredentials }> => ({
  security: SIGNED_IN,
  refuses: refusalsOf({}),
  actsByToken: true,
  async check(c) {
    const caller = await authenticateCallerWithCredentials(c)
    assertRecentFactor(c.get('platform'), caller)
    return { caller }
  },
})

/**
 * Lets in a user who holds one permission. It asks the database, so that a role that is given or taken counts at once.
 * With `isRecent` it asks for a recent login as well, as `recentLogin()` does. It adds `caller`.
 */
export const permission = (name: Permission, { isRecent = false } = {}): Guard<{ caller: Caller }> => ({
  security: SIGNED_IN,
  refuses: [...refusalsOf({}), 'forbidden'],
  actsByToken: true,
  async check(c) {
    const caller = await authenticateCaller(c)
    assertPermission(caller.account, name)
    if (isRecent) assertRecentLogin(c.get('platform'), caller)
    return { caller }
  },
})

/** Lets in a service that the deployment lists, by HTTP Basic. It adds `clientId`. */
export const client = (): Guard<{ clientId: string }> => ({
  security: [{ client: [] }],
  refuses: ['invalid_client'],
  actsByToken: false,
  check: async (c) => ({ clientId: authenticateClient(c) }),
})

/**
 * Lets in whoever tries to log in, within the budget of their address or of a device that has logged in before. It adds
 * `countStranger`, which counts the login by its address where that was not done yet.
 */
export const loginBudget = (): Guard<{ countStranger: () => Promise<void> }> => ({
  security: [],
  refuses: ['ambiguous_credentials'],
  actsByToken: false,
  check: async (c, route) => ({ countStranger: await limitLogins(c, route) }),
})

/**
 * Lets anybody in. The route ends the sessions that the tokens of the request name, and gives the same answer when they
 * name none.
 */
export const tokenHolder = (): Guard<object> => ({
  security: [],
  refuses: ['ambiguous_credentials'],
  actsByToken: true,
  check: async () => ({}),
})

function assertPermission({ permissions }: { permissions: readonly string[] }, name: Permission): void {
  if (!permissions.includes(name)) throw new Refusal('forbidden', { reason: `lacks ${name}` })
}
