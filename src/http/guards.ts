import type { Permission } from '../config.ts'
import { Refusal } from '../errors.ts'
import {
  assertRecentLogin,
  authenticateRead,
  type Caller,
  type CallerWithCredentials,
} from '../services/sessions/authentication.ts'
import type { Guard } from './guard.ts'
import { authenticateCaller, authenticateCallerWithCredentials, readAccessToken } from './middleware/authenticate.ts'
import { limitLogins } from './middleware/rate-limit.ts'
import { authenticateClient } from './middleware/require-client.ts'

type Claims = Awaited<ReturnType<typeof authenticateRead>>

/** An access token, in one of the two ways that it may be carried. */
const SIGNED_IN = [{ bearer: [] }, { cookie: [] }]
const TOKEN_REFUSALS = ['ambiguous_credentials', 'unauthenticated'] as const

/** For reading: trusts the token and the blocklist, whose lag is stated in docs/security.md. Adds `claims`. */
export const token = (): Guard<{ claims: Claims }> => ({
  security: SIGNED_IN,
  refuses: TOKEN_REFUSALS,
  actsByToken: false,
  async check(c) {
    const presented = readAccessToken(c)
    if (presented === null) throw new Refusal('unauthenticated', { reason: 'no access token' })
    const claims = await authenticateRead(c.var.platform, presented)
    c.set('userId', claims.sub)
    c.var.platform.noteActivity(claims.sid)
    return { claims }
  },
})

/** For whatever changes something: asks the database for the session and the account as they are now. Adds `caller`. */
export const user = (): Guard<{ caller: Caller }> => ({
  security: SIGNED_IN,
  refuses: TOKEN_REFUSALS,
  actsByToken: true,
  check: async (c) => ({ caller: await authenticateCaller(c) }),
})

/** A user whom the route asks for the password once more. Adds `caller`, with what that is verified by. */
export const userWithCredentials = (): Guard<{ caller: CallerWithCredentials }> => ({
  security: SIGNED_IN,
  refuses: TOKEN_REFUSALS,
  actsByToken: true,
  check: async (c) => ({ caller: await authenticateCallerWithCredentials(c) }),
})

/** A user who signed in not long ago (ASVS 7.5.1). Adds `caller`. */
export const recentLogin = (): Guard<{ caller: Caller }> => ({
  security: SIGNED_IN,
  refuses: [...TOKEN_REFUSALS, 'step_up_required'],
  actsByToken: true,
  async check(c) {
    const caller = await authenticateCaller(c)
    assertRecentLogin(caller, c.var.platform.now())
    return { caller }
  },
})

/**
 * A user who holds one permission, as the database has it, so that a role given or taken counts at once. Adds `caller`.
 */
export const permission = (name: Permission): Guard<{ caller: Caller }> => ({
  security: SIGNED_IN,
  refuses: [...TOKEN_REFUSALS, 'forbidden'],
  actsByToken: true,
  async check(c) {
    const caller = await authenticateCaller(c)
    if (!caller.account.permissions.includes(name)) throw new Refusal('forbidden', { reason: `lacks ${name}` })
    return { caller }
  },
})

/** A service that the deployment lists, by HTTP Basic. Adds `serviceId`. */
export const client = (): Guard<{ serviceId: string }> => ({
  security: [{ client: [] }],
  refuses: ['invalid_client'],
  actsByToken: false,
  check: async (c) => ({ serviceId: authenticateClient(c) }),
})

/**
 * Whoever tries to log in, within the budget of their address or of a device that has logged in before. Adds
 * `countStranger`, which counts the login by its address where that was not done yet.
 */
export const loginBudget = (): Guard<{ countStranger: () => Promise<void> }> => ({
  security: [],
  refuses: ['ambiguous_credentials'],
  actsByToken: false,
  check: async (c, route) => ({ countStranger: await limitLogins(c, route) }),
})

/** Anybody. The route ends what the tokens in the request name, and answers alike when they name nothing. */
export const tokenHolder = (): Guard<object> => ({
  security: [],
  refuses: ['ambiguous_credentials'],
  actsByToken: true,
  check: async () => ({}),
})
