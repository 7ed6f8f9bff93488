import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MfaNeeded, SignedIn } from '../../../src/contracts/login.ts'
import { factorChange } from '../../../src/services/factors/changes.ts'
import type { Factor } from '../../../src/services/factors/factor.ts'
import {
  describeFactors,
  FACTORS,
  factorsThatOpenAlone,
  removeUnprovenFactorsStatements,
  stepUpFactorsOf,
  whenStrongFactorIsSet,
} from '../../../src/services/factors/registry.ts'
import { inOneBatch } from '../../../src/storage/batch.ts'
import { users } from '../../../src/storage/schema/index.ts'
import { findLiveSession } from '../../../src/storage/sessions/sessions.ts'
import { signedIn } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { bearer, get, PASSWORD, post } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { jobPlatform } from '../../support/outbox.ts'

/**
 * A factor that no other code knows of. It is set for whoever has a name that begins with `fake`, goes by the method of
 * passkeys, and takes one code.
 */
const CODE = 'open sesame'
const isFake = (name: string | null) => name?.startsWith('fake') ?? false
const whenFake = (userId: unknown) => sql`exists (select 1 from users where id = ${userId} and name like 'fake%')`
const fake: Factor = {
  method: 'passkey',
  isStrong: true,
  isFallback: false,
  isGuessable: true,
  isSet: ({ name }) => isFake(name),
  describe: ({ name }: Account) => ({ passkeys: isFake(name) ? 7 : 0 }),
  whenSet: whenFake,
  whenOpensAlone: whenFake,
  verify: async (_deps, { proof }) => ('code' in proof && proof.code === CODE ? ['hwk', 'user'] : null),
  remove: (db, userId, when) => db.update(users).set({ name: null }).where(sql`id = ${userId} and ${when}`),
}
let others: readonly Factor[]
const replaceFactors = (factors: readonly Factor[]) => (FACTORS as Factor[]).splice(0, FACTORS.length, ...factors)

beforeAll(() => {
  others = [...FACTORS]
  replaceFactors([fake, ...others.filter(({ method }) => method !== fake.method)])
})
afterAll(() => void replaceFactors(others))

const ticketFor = async (identifier: string) =>
  await answerOf(await post('/auth/login', { identifier, password: PASSWORD }), MfaNeeded)

async function callerOf({ session }: Awaited<ReturnType<typeof signedIn>>) {
  const platform = jobPlatform()
  const found = await findLiveSession(platform.db, session.id, { nowMs: Date.now(), seenAfterMs: -1 })
  if (found === null) throw new Error('no session')
  return { platform, ...found }
}

describe('a factor that is only added to the registry', () => {
  it('shows in the profile', async () => {
    const { tokens } = await signedIn({ name: 'fake one' })
    const me = (await (await get('/auth/me', bearer(tokens.accessToken))).json()) as object
    expect(me).toMatchObject({ mfa: { totp: false, passkeys: 7, recoveryCodesLeft: 0 } })
  })

  it('is asked for by a login, tried under a budget of its own, and named by the session', async () => {
    const { id, email } = await signedIn({ name: 'fake two' })
    const { ticket, methods } = await ticketFor(email)
    expect(methods).toEqual(['passkey'])
    await expectRefusal(await post('/auth/login/mfa', { ticket, method: 'passkey', code: 'x' }), 401, 'invalid_code')
    expect((await auditOf('login.failed', id)).map(({ details }) => details)).toEqual([
      { factor: 'passkey', reason: 'wrong code' },
    ])
    const proof = { ticket, method: 'passkey', code: CODE }
    await answerOf(await post('/auth/login/mfa', proof), SignedIn)
    expect((await auditOf('login.succeeded', id)).at(-1)?.details).toMatchObject({
      methods: ['pwd', 'hwk', 'user', 'mfa'],
    })
  })

  it('is asked for by a step-up, and no mailed code stands in for it', async () => {
    const { platform, account } = await callerOf(await signedIn({ name: 'fake three' }))
    expect(stepUpFactorsOf(platform, account)).toEqual(['passkey'])
    expect(describeFactors(account).passkeys).toBe(7)
  })

  it('counts as a strong one, so recovery codes stay with it and may be made', async () => {
    const person = await signedIn({ name: 'fake four' })
    const made = await post('/auth/mfa/recovery-codes', undefined, bearer(person.tokens.accessToken))
    expect(made.status).toBe(200)
    expect(await countRows('recovery_codes', 'user_id = ?', person.id)).toBe(10)
    expect((await ticketFor(person.email)).methods).toEqual(['passkey', 'recovery_code'])
    const { platform } = await callerOf(person)
    const found = await platform.db.select({ id: users.id }).from(users).where(whenStrongFactorIsSet(person.id))
    expect(found.length).toBeGreaterThan(0)
  })

  it('is named by the trail and by mails when it changes, and its removal ends the other sessions', async () => {
    const person = await signedIn({ name: 'fake five' })
    const { ticket } = await ticketFor(person.email)
    const other = await answerOf(await post('/auth/login/mfa', { ticket, method: 'passkey', code: CODE }), SignedIn)
    const { platform, account, session } = await callerOf(person)
    const at = Date.now()
    const change = factorChange(
      platform,
      { account, session },
      { change: 'removed', method: 'passkey', name: 'my key', at, when: sql`true` },
    )
    const { ended } = await inOneBatch(platform.db, change.statements)
    expect(ended).toEqual([{ id: other.session.id }])
    await change.finish(ended)
    expect(await auditOf('factor.removed', person.id)).toMatchObject([
      { details: { method: 'passkey', name: 'my key' } },
    ])
    const [notice] = await rows("select details from outbox where user_id = ? and kind = 'factor_removed'", person.id)
    expect(JSON.parse(String(notice?.details))).toMatchObject({ factor: 'my key' })
  })

  it('goes with all others from an account whose address nobody verified', async () => {
    const person = await signedIn({ name: 'fake six' })
    const { platform } = await callerOf(person)
    const remove = () => platform.db.batch(toBatch(removeUnprovenFactorsStatements(platform.db, person.id, sql`true`)))
    const named = () => countRows('users', 'id = ? and name is not null', person.id)
    await remove()
    expect(await named()).toBe(1)
    await rows('update users set email_verified_at = null where id = ?', person.id)
    await remove()
    expect(await named()).toBe(0)
  })

  it('keeps the last provider from being the only way in, where it opens the account alone', async () => {
    expect(factorsThatOpenAlone('somebody')).toHaveLength(1)
  })
})

describe('deleting an account', () => {
  it('takes along every row that any factor keeps of it', async () => {
    const tables = await rows("select name from sqlite_master where type = 'table' and sql like '%user_id%'")
    for (const { name } of tables.filter((table) => !KEPT_TABLES.includes(String(table.name)))) {
      const keys = await rows(`pragma foreign_key_list(${name})`)
      expect(keys, String(name)).toContainEqual(
        expect.objectContaining({ from: 'user_id', table: 'users', on_delete: 'CASCADE' }),
      )
    }
  })
})

/** The trail and mails that are under way outlive the account that they are about. */
const KEPT_TABLES = ['audit_events', 'outbox']

type Statements = ReturnType<typeof removeUnprovenFactorsStatements>
function toBatch(statements: Statements): [Statements[number], ...Statements] {
  const [first, ...rest] = statements
  if (first === undefined) throw new Error('nothing to remove')
  return [first, ...rest]
}
