import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { IMPORT_CHUNK_LINES } from '../../../src/config.ts'
import type { Permission } from '../../../src/domain/permissions.ts'
import { administrator, mailedToken, registered, signedIn } from '../../support/accounts.ts'
import { expectRefusal } from '../../support/answers.ts'
import { sealTrail } from '../../support/audit-trail.ts'
import { bearer, get, newEmail, PASSWORD, post } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { failingInMidBatch, faultyEnv } from '../../support/faulty-env.ts'
import { allImported, importLines, sendImport, toLines } from '../../support/imports.ts'
import { interceptEnv } from '../../support/intercept-env.ts'
import { letLoginGrowOld } from '../../support/second-factors.ts'
import { accountState } from '../../support/stored-state.ts'

const newRole = async (...permissions: Permission[]): Promise<string> => (await administrator(permissions)).role
const person = (roles: string[] = []) => ({ email: newEmail(), roles })
const newPeople = (count: number) => Array.from({ length: count }, () => person())

let admin: Awaited<ReturnType<typeof administrator>>
beforeAll(async () => {
  admin = await administrator()
})

describe('the right to import (ASVS 8.2.1, 8.3.2)', () => {
  it('is a permission that a recent login has shown', async () => {
    const other = await administrator(['users:read', 'users:write'])
    await expectRefusal(await sendImport(other, toLines([person()])), 403, 'forbidden')
    const importer = await administrator(['users:import'])
    expect(await importLines(importer, [person()])).toEqual(allImported(1))
    await letLoginGrowOld(importer.session.id)
    await expectRefusal(await sendImport(importer, toLines([person()])), 403, 'step_up_required')
  })

  it('gives no role that the importer could not give: with roles:assign, and only what they hold', async () => {
    const [reader, app] = [await newRole('users:read'), await newRole()]
    const importer = await administrator(['users:import', 'users:read'])
    const assigner = await administrator(['users:import', 'users:read', 'roles:assign'])
    const lines = [person([reader]), person([app]), person(['admin']), person(['nobody-made-this']), person(['user'])]
    const codesOf = async (who: typeof admin) => (await importLines(who, lines, { query: '?dryRun=true' })).errors
    const unknown = { line: 4, code: 'unknown_role' }
    expect(await codesOf(importer)).toEqual([
      ...[1, 2, 3].map((line) => ({ line, code: 'permission_not_held' })),
      unknown,
    ])
    expect(await codesOf(assigner)).toEqual([{ line: 3, code: 'permission_not_held' }, unknown])
    expect(await codesOf(admin)).toEqual([unknown])
    const report = await importLines(assigner, lines)
    expect(report).toMatchObject({ imported: 3, errors: [{ line: 3 }, unknown] })
    const given = await rows('select role from user_roles join users on id = user_id where email = ?', lines[0]?.email)
    expect(given.map(({ role }) => role).toSorted()).toEqual([reader, 'user'].toSorted())
  })

  it('ends with the chunk in which the importer loses it', async () => {
    const importer = await administrator(['users:import'])
    let batches = 0
    const bindings = interceptEnv(env as Env, async (call, proceed) => {
      if (call.operation === 'batch' && call.sql.some((sql) => sql.includes('insert into "users"'))) {
        batches += 1
        if (batches === 2)
          await rows('delete from user_roles where user_id = ? and role = ?', importer.id, importer.role)
      }
      return await proceed()
    })
    const people = newPeople(IMPORT_CHUNK_LINES + 1)
    await expectRefusal(await sendImport(importer, toLines(people), { bindings }), 403, 'forbidden')
    expect(await countRows('users', 'email = ?', people[0]?.email)).toBe(1)
    expect(await countRows('users', 'email = ?', people.at(-1)?.email)).toBe(0)
  })
})

describe('the trail of an import (ASVS 16.3.2, 16.3.3)', () => {
  it('has an event for each chunk, whose time each account bears, and one for each account that was given a right', async () => {
    const [reader, app] = [await newRole('users:read'), await newRole()]
    const lines = [...newPeople(IMPORT_CHUNK_LINES), person([reader]), person([app])]
    await importLines(admin, lines)
    const events = await rows(
      "select at, details from audit_events where type = 'users.imported' and actor_id = ? order by sequence desc limit 2",
      admin.id,
    )
    expect(events.map(({ details }) => JSON.parse(String(details)))).toEqual([
      { lines: 2, imported: 2, isDryRun: false },
      { lines: IMPORT_CHUNK_LINES, imported: IMPORT_CHUNK_LINES, isDryRun: false },
    ])
    expect(await countRows('users', 'imported_at = ?', events[0]?.at)).toBe(lines.length)
    const [mighty, meek] = await Promise.all(
      lines.slice(-2).map(async ({ email }) => (await rows('select id from users where email = ?', email))[0]?.id),
    )
    expect(await auditOf('roles.assigned', String(mighty))).toMatchObject([
      { actor_id: admin.id, details: { roles: [reader, 'user'].toSorted(), before: [] } },
    ])
    expect(await auditOf('roles.assigned', String(meek))).toEqual([])
  })

  it('names who only asked, and the totals of the statistics have the new accounts at once', async () => {
    await sealTrail()
    const users = async () => {
      const { totals } = (await (await get('/stats', bearer(admin.tokens.accessToken))).json()) as {
        totals: { users: number }
      }
      return totals.users
    }
    const before = await users()
    const people = newPeople(3)
    await importLines(admin, people, { query: '?dryRun=true' })
    expect(await users()).toBe(before)
    await importLines(admin, people)
    expect(await users()).toBe(before + 3)
    await sealTrail()
    expect(await users()).toBe(before + 3)
    const [asked] = await rows(
      "select details from audit_events where type = 'users.imported' order by sequence desc limit 1 offset 1",
    )
    expect(JSON.parse(String(asked?.details))).toEqual({ lines: 3, imported: 0, isDryRun: true })
  })
})

describe('an import whose database fails (ASVS 16.5.3)', () => {
  it('leaves nothing half-imported, and goes on when the same lines are sent again', async () => {
    const { env: bindings, fail } = faultyEnv({ RATE_LIMITS: 'off' })
    const people = newPeople(IMPORT_CHUNK_LINES + 5)
    let batches = 0
    fail(async (call, proceed) => {
      const isChunk = call.operation === 'batch' && call.sql.some((sql) => sql.includes('insert into "users"'))
      batches += isChunk ? 1 : 0
      return batches === 2 ? await failingInMidBatch(call, proceed) : await proceed()
    })
    await expectRefusal(await sendImport(admin, toLines(people), { bindings }), 503, 'dependency_unavailable')
    fail(null)
    const report = await importLines(admin, people, { bindings })
    expect(report).toEqual({ ...allImported(5), skipped: IMPORT_CHUNK_LINES })
  })
})

describe('an imported address that nobody has verified', () => {
  it('loses everything to whoever signs up with it, so that no stranger waits in it (pre-hijack)', async () => {
    const line = { email: newEmail(), passwordHash: '$2b$04$abcdefghijklmnopqrstuuQwBcFgF9Gx1oeXzcJ0m7nJZ9nPzqu0W' }
    await importLines(admin, [line])
    await registered({ email: line.email })
    const [account] = await rows('select password_hash from users where email = ?', line.email)
    expect(account?.password_hash).toBeNull()
  })

  it('is reserved where an account gave it up and may still take it back', async () => {
    const owner = await signedIn()
    await post('/auth/change-email', { newEmail: newEmail(), password: PASSWORD }, bearer(owner.tokens.accessToken))
    const [{ email: next } = { email: '' }] = await rows(
      "select email from one_time_tokens where user_id = ? and purpose = 'change_email'",
      owner.id,
    )
    await post('/auth/confirm-email-change', { token: await mailedToken(String(next), 'change_email') })
    const before = await accountState()
    const report = await importLines(admin, [{ email: owner.email }])
    expect(report.errors).toEqual([{ line: 1, code: 'email_reserved' }])
    expect(await accountState()).toEqual(before)
  })
})
