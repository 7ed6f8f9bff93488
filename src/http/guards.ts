import type { Permission } from '../config.ts'
import { Refusal } from '../errors.ts'
import {
  assertRecentLogin,
  authenticateRead,
  type Caller,
  type CallerWithCredentials,
  verifySignature,
} from '../services/sessions/authentication.ts'
import { type ReadAsCaller, readWithAccount } from '../services/sessions/reading.ts'
import type { Guard } from './guard.ts'
import { authenticateCaller, authenticateCallerWithCredentials, requireAccessToken } from './middleware/authenticate.ts'
import { limitLogins } from './middleware/rate-limit.ts'
import { authenticateClient } from './middleware/require-client.ts'

type Claims = Awaited<ReturnType<typeof authenticateRead>>

/** What a route needs to read as its caller. */
interface CallerReading {
  claims: Claims
  readAsCaller: ReadAsCaller
}

/** An access token, in one of the two ways that it may be carried. */
const SIGNED_IN = [{ bearer: [] }, { cookie: [] }]
const TOKEN_REFUSALS = ['ambiguous_credentials', 'unauthenticated'] as const

/**
 * Lets in whoever has a valid access token, for reading. It trusts the token and the blocklist, whose lag
 * docs/security.md states. It adds `claims`.
 */
export const token = (): Guard<{ claims: Claims }> => ({
  security: SIGNED_IN,
  refuses: TOKEN_REFUSALS,
  actsByToken: false,
  async check(c) {
    const claims = await authenticateRead(c.var.platform, requireAccessToken(c))
    c.set('userId', claims.sub)
    c.var.platform.noteActivity(claims.sid)
    return { claims }
  },
})

/**
 * Lets in a signed-in user, or one who holds a permission, for reading what is in the database. The route reads it by
 * `readAsCaller`, which asks in the same round trip for the session and the account as they are now. The guard itself
 * only checks the token, so such a route answers nothing that it has not read in this way.
 */
export const reader = ({ permission: name }: { permission?: Permission } = {}): Guard<CallerReading> => ({
  security: SIGNED_IN,
  refuses: name === undefined ? TOKEN_REFUSALS : [...TOKEN_REFUSALS, 'forbidden'],
  actsByToken: false,
  async check(c) {
    const { platform } = c.var
    const claims = await verifySignature(platform, requireAccessToken(c))
    return {
      claims,
      async readAsCaller(statement) {
        const { account, answer } = await readWithAccount(platform, claims, statement)
        c.set('userId', account.id)
        platform.noteActivity(claims.sid)
        if (name !== undefined) assertPermission(account, name)
        return answer
      },
    }
  },
})

/**
 * Lets in a signed-in user, for whatever changes something. It asks the database for the session and the account as
 * they are now. It adds `caller`.
 */
export const user = (): Guard<{ caller: Caller }> => ({
  security: SIGNED_IN,
  refuses: TOKEN_REFUSALS,
  actsByToken: true,
  check: async (c) => ({ caller: await authenticateCaller(c) }),
})

/**
 * Lets in a signed-in user whom the route asks for the password once more. It adds `caller`, with what the password is
 * verified by.
 */
export const userWithCredentials = (): Guard<{ caller: CallerWithCredentials }> => ({
  security: SIGNED_IN,
  refuses: TOKEN_REFUSALS,
  actsByToken: true,
  check: async (c) => ({ caller: await authenticateCallerWithCredentials(c) }),
})

/** Lets in a user who signed in not long ago (ASVS 7.5.1). It adds `caller`. */
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
 * Lets in a user who holds one permission. It asks the database, so that a role that is given or taken counts at once.
 * It adds `caller`.
 */
export const permission = (name: Permission): Guard<{ caller: Caller }> => ({
  security: SIGNED_IN,
  refuses: [...TOKEN_REFUSALS, 'forbidden'],
  actsByToken: true,
  async check(c) {
    const caller = await authenticateCaller(c)
    assertPermission(caller.account, name)
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
