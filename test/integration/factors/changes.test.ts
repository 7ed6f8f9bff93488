import { describe, expect, it } from 'vitest'
import { signedIn } from '../../support/accounts.ts'
import { bearer, get, send } from '../../support/client.ts'
import { countRows, rows } from '../../support/database.ts'
import { enrol } from '../../support/factors.ts'
import { createAuthenticator } from '../../support/passkey-authenticator.ts'
import { register } from '../../support/passkeys.ts'
import { openSessionOf } from '../../support/second-factors.ts'
import { showFactor, undoTokenOf } from '../../support/undo.ts'

type Account = Awaited<ReturnType<typeof signedIn>>
const headersOf = ({ tokens }: Account) => bearer(tokens.accessToken)

/** Every change of a factor that its owner can make, by the routes that make it. Whoever adds one adds it here. */
const CHANGES: {
  title: string
  kind: 'factor_added' | 'factor_removed'
  prepare?: (account: Account) => Promise<unknown>
  change: (account: Account) => Promise<unknown>
}[] = [
  {
    title: 'an authenticator app is activated',
    kind: 'factor_added',
    change: ({ tokens }) => enrol(tokens.accessToken),
  },
  {
    title: 'an authenticator app is removed',
    kind: 'factor_removed',
    prepare: ({ tokens }) => enrol(tokens.accessToken),
    change: (account) => send('DELETE', '/auth/mfa/totp', { headers: headersOf(account) }),
  },
  {
    title: 'recovery codes are made anew',
    kind: 'factor_added',
    prepare: ({ tokens }) => enrol(tokens.accessToken),
    change: (account) => send('POST', '/auth/mfa/recovery-codes', { headers: headersOf(account) }),
  },
  {
    title: 'a passkey is registered',
    kind: 'factor_added',
    change: (account) => register(headersOf(account), createAuthenticator()),
  },
  {
    title: 'a passkey is removed',
    kind: 'factor_removed',
    prepare: (account) => register(headersOf(account), createAuthenticator()),
    change: async (account) => {
      const [passkey] = await rows('select id from passkeys where user_id = ?', account.id)
      return await send('DELETE', `/auth/passkeys/${passkey?.id}`, { headers: headersOf(account) })
    },
  },
]

describe('every change of a factor', () => {
  it.each(CHANGES)(
    '$title: it is audited, mailed with "This was not me", and ends other sessions where a factor goes (ASVS 6.3.7, 7.4.3)',
    async ({ kind, prepare, change }) => {
      const account = await signedIn()
      await prepare?.(account)
      const other = await openSessionOf(account, ['pwd', 'otp', 'mfa'])
      await showFactor(account.id)
      const count = async () => [
        await countRows('audit_events', 'user_id = ? and type = ?', account.id, kind.replace('_', '.')),
        await countRows('outbox', 'recipient = ? and kind = ?', account.email, kind),
      ]
      const before = await count()
      await change(account)
      expect(await count()).toEqual(before.map((number) => number + 1))
      expect(await undoTokenOf(account.email, kind)).not.toBeNull()
      expect((await get('/auth/me', headersOf(account))).status).toBe(200)
      const isEnded = kind === 'factor_removed'
      expect((await get('/auth/me', bearer(other.tokens.accessToken))).status).toBe(isEnded ? 401 : 200)
      expect(await countRows('sessions', 'id = ?', other.session.id)).toBe(isEnded ? 0 : 1)
    },
  )
})
