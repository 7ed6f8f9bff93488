import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listOf } from '../../../src/contracts/lists.ts'
import { MfaNeeded, SignedIn } from '../../../src/contracts/login.ts'
import { Stats } from '../../../src/contracts/stats.ts'
import { User } from '../../../src/contracts/users.ts'
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
import { passkeys, users } from '../../../src/storage/schema/index.ts'
import { findLiveSession } from '../../../src/storage/sessions/sessions.ts'
import { administrator, signedIn } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { bearer, get, PASSWORD, post } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { jobPlatform } from '../../support/outbox.ts'
import { catchUp } from '../../support/webhooks.ts'

/**
 * A factor that no other code knows of. It takes the place of passkeys, and takes one code. It is set for whoever has a
 * row in their table, and shows as seven of them.
 */
const CODE = 'open sesame'
const whenFake = (userId: unknown) => sql`exists (select 1 from passkeys where user_id = ${userId} and aaguid = 'x')`
const fake: Factor = {
  method: 'passkey',
  isStrong: true,
  isFallback: false,
  isGuessable: true,
  isSet: ({ factors }) => factors.passkeys > 0,
  describe: ({ factors }) => ({ passkeys: factors.passkeys * 7 }),
  whenSet: whenFake,
  whenOpensAlone: whenFake,
  verify: async (_deps, { proof }) =>
    'code' in proof && proof.code === CODE
      ? { methods: ['hwk', 'user'], whenUnused: sql`true`, use: () => ({ statements: [], mails: [] }) }
      : null,
  remove: (db, userId, when) => db.delete(passkeys).where(sql`user_id = ${userId} and ${when}`),
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

/** Signs somebody in and sets the factor. The session stepped up by it. */
async function signedInWithFake() {
  const person = await signedIn()
  await rows(
    `insert into passkeys (id, user_id, credential_id, public_key, counter, transports, aaguid, name,
      is_backup_eligible, is_backed_up, opens_alone, created_at) values (?1, ?2, ?1, 'x', 0, '[]', 'x', 'x', 0, 0, 0, 0)`,
    crypto.randomUUID(),
    person.id,
  )
  await rows('update sessions set strong_authenticated_at = authenticated_at where id = ?', person.session.id)
  return person
}

async function callerOf({ session }: { session: { id: string } }) {
  const platform = jobPlatform()
  const found = await findLiveSession(platform.db, session.id, { nowMs: Date.now(), seenAfterMs: -1 })
  if (found === null) throw new Error('no session')
  return { platform, ...found }
}

describe('a factor that is only added to the registry', () => {
  it('shows in the profile', async () => {
    const { tokens } = await signedInWithFake()
    const me = (await (await get('/auth/me', bearer(tokens.accessToken))).json()) as object
    expect(me).toMatchObject({ mfa: { totp: false, passkeys: 7, recoveryCodesLeft: 0 } })
  })

  it('is what administrators find users by', async () => {
    const { id } = await signedInWithFake()
    const other = await signedInWithFake()
    await rows("update passkeys set aaguid = 'not fake' where user_id = ?", other.id)
    const admin = await administrator()
    const search = async (query: string) =>
      (await answerOf(await admin.send('GET', `/users?${query}`), listOf(User))).items.map((user) => user.id)
    expect(await search('factor=passkey')).toContain(id)
    expect(await search('factor=passkey')).not.toContain(other.id)
    expect(await search('factor=none')).not.toContain(id)
    expect(await search('factor=none')).toContain(other.id)
  })

  it('shows in the export of what is stored', async () => {
    const { tokens } = await signedInWithFake()
    const exported = (await (await get('/auth/me/export', bearer(tokens.accessToken))).json()) as object
    expect(exported).toMatchObject({ profile: { mfa: { passkeys: 7 } } })
  })

  it('is counted by the statistics', async () => {
    const admin = await administrator()
    const totals = async () => {
      await catchUp()
      return (await answerOf(await admin.send('GET', '/stats'), Stats)).totals
    }
    const before = await totals()
    await signedInWithFake()
    const other = await signedInWithFake()
    await rows("update passkeys set aaguid = 'not fake' where user_id = ?", other.id)
    const { users, withFactor, withPasskey } = await totals()
    expect(users - before.users).toBe(2)
    expect([withFactor - before.withFactor, withPasskey - before.withPasskey]).toEqual([1, 1])
  })

  it('is asked for by a login, tried under a budget of its own, and named by the session', async () => {
    const { id, email } = await signedInWithFake()
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
    const { platform, account } = await callerOf(await signedInWithFake())
    expect(stepUpFactorsOf(platform, account)).toEqual(['passkey'])
    expect(describeFactors(account).passkeys).toBe(7)
  })

  it('counts as a strong one, so recovery codes stay with it and may be made', async () => {
    const person = await signedInWithFake()
    const made = await post('/auth/mfa/recovery-codes', undefined, bearer(person.tokens.accessToken))
    expect(made.status).toBe(200)
    expect(await countRows('recovery_codes', 'user_id = ?', person.id)).toBe(10)
    expect((await ticketFor(person.email)).methods).toEqual(['passkey', 'recovery_code'])
    const { platform } = await callerOf(person)
    const found = await platform.db.select({ id: users.id }).from(users).where(whenStrongFactorIsSet(person.id))
    expect(found.length).toBeGreaterThan(0)
  })

  it('is named by the trail and by mails when it changes, and its removal ends the other sessions', async () => {
    const person = await signedInWithFake()
    const { ticket } = await ticketFor(person.email)
    const other = await answerOf(await post('/auth/login/mfa', { ticket, method: 'passkey', code: CODE }), SignedIn)
    const { platform, account, session } = await callerOf(person)
    const at = Date.now()
    const change = factorChange(
      platform,
      { account, session },
      { change: 'removed', method: 'passkey', passkey: { id: 'key', name: 'my key' }, at, when: sql`true` },
    )
    const { ended } = await inOneBatch(platform.db, change.statements)
    expect(ended).toEqual([{ id: other.session.id }])
    await change.finish(ended)
    expect(await auditOf('factor.removed', person.id)).toMatchObject([
      { details: { method: 'passkey', passkeyId: 'key' } },
    ])
    const [notice] = await rows("select details from outbox where user_id = ? and kind = 'factor_removed'", person.id)
    expect(JSON.parse(String(notice?.details))).toMatchObject({ factor: 'my key' })
  })

  it('goes with all others from an account whose address nobody verified', async () => {
    const person = await signedInWithFake()
    const { platform } = await callerOf(person)
    const remove = () => platform.db.batch(toBatch(removeUnprovenFactorsStatements(platform.db, person.id, sql`true`)))
    const set = () => countRows('passkeys', 'user_id = ?', person.id)
    await remove()
    expect(await set()).toBe(1)
    await rows('update users set email_verified_at = null where id = ?', person.id)
    await remove()
    expect(await set()).toBe(0)
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

/**
 * The trail and mails that are under way outlive the account that they are about, and so does the row by which the rest
 * is erased. The rows by which accounts are counted go when the deletion is counted, and after a week.
 */
const KEPT_TABLES = ['audit_events', 'outbox', 'counted_users', 'active_users', 'erasures']

type Statements = ReturnType<typeof removeUnprovenFactorsStatements>
function toBatch(statements: Statements): [Statements[number], ...Statements] {
  const [first, ...rest] = statements
  if (first === undefined) throw new Error('nothing to remove')
  return [first, ...rest]
}
