import { spawnSync } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withDatabase } from './support/mail-service.ts'
import { makeState } from './support/service.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const USER = '00000000-0000-4000-8000-000000000001'
/** Wrangler is started many times, perhaps on a busy machine. */
const TIMEOUT_MS = 300_000

let state: string
let trail: string
beforeAll(async () => {
  state = await makeState()
  trail = join(state, 'lost-trail.json')
  withDatabase({ state }, false, (database) =>
    database.exec(`
      insert into users (id, email, password_hash, created_at) values ('${USER}', 'ada@example.com', 'x', 0);
      insert into sessions (id, user_id, methods, authenticated_at, created_at, last_seen_at, expires_at)
        values ('session', '${USER}', '[]', 0, 0, 0, 0);
      insert into audit_events (id, type, at, user_id, details) values ('event', 'password.reset', 0, '${USER}', '{}')`),
  )
})
afterAll(() => rm(state, { recursive: true, force: true }))

const query = (sql: string): Record<string, unknown>[] =>
  withDatabase({ state }, true, (database) => database.prepare(sql).all())

const afterRestore = (...args: string[]) =>
  spawnSync(process.execPath, ['scripts/after-restore.ts', ...args], { cwd: ROOT, encoding: 'utf8' })

describe('npm run after-restore', () => {
  it('makes the database safe with the audit trail that the operator saved, and can be run twice', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const versions = () =>
      query('select rights_version from users union all select rights_version from roles order by 1')
    const restored = versions()
    const saved = query('select type, user_id from audit_events')
    await writeFile(trail, JSON.stringify([{ results: saved, success: true, meta: {} }]))
    const restoredTo = new Date(Date.now() - 3_600_000).toISOString()
    const args = ['--local', '--persist-to', state, '--restored-to', restoredTo, '--lost-trail', trail]
    for (const run of [afterRestore(...args), afterRestore(...args)]) {
      expect(run.stderr).toBe('')
      expect(run.stdout).toContain('password.reset: 1')
      expect(run.status).toBe(0)
    }
    expect(query('select id from sessions')).toEqual([])
    const [user] = query('select password_reset_required_at from users')
    expect(user?.password_reset_required_at).toEqual(expect.any(Number))
    // No token is made from a restored rights version, because the blocklist may know it as a former one.
    expect(versions().filter((row) => JSON.stringify(restored).includes(JSON.stringify(row)))).toEqual([])
    expect(query("select type from audit_events where actor_id = 'system' order by type")).toEqual(
      ['database.restored', 'database.restored', 'password.reset_required', 'session.ended'].map((type) => ({ type })),
    )
  })

  it.each([
    ['no database is named', ['--restored-to', '2001-01-31T12:00:00Z', '--lost-trail', 'none']],
    ['both are named', ['--local', '--remote', '--restored-to', '2001-01-31T12:00:00Z', '--lost-trail', 'none']],
    ['nothing says whose password changed', ['--local', '--restored-to', '2001-01-31T12:00:00Z']],
    ['the time is none', ['--local', '--restored-to', 'yesterday', '--lost-trail', 'none']],
    ['the time is to come', ['--local', '--restored-to', '9999-01-01T00:00:00Z', '--lost-trail', 'none']],
    ['an argument is unknown', ['--local', '--since', '2001-01-31T12:00:00Z', '--lost-trail', 'none']],
  ])('changes nothing and prints its usage when %s', (_, args) => {
    const { status, stderr } = afterRestore(...args)
    expect(status).toBe(1)
    expect(stderr).toContain('--restored-to <time>')
  })
})
