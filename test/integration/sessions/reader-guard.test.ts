import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { PERMISSIONS, type Permission } from '../../../src/domain/permissions.ts'
import type { AppEnv } from '../../../src/http/context.ts'
import { reader } from '../../../src/http/guards.ts'
import { handleError } from '../../../src/http/problem.ts'
import { answer, route } from '../../../src/http/route.ts'
import { createRouter } from '../../../src/http/router.ts'
import { findUserStatement } from '../../../src/storage/accounts/users.ts'
import { administrator, deactivate, signedIn } from '../../support/accounts.ts'
import { expectRefusal } from '../../support/answers.ts'
import { captureLog } from '../../support/captured-log.ts'
import { bearer, get, logIn } from '../../support/client.ts'
import { rows } from '../../support/database.ts'
import { OPENAPI_DOCUMENT } from '../../support/openapi.ts'
import { jobPlatform } from '../../support/outbox.ts'

interface Read {
  path: string
  /** The permission that the description of the route names; null where it names none. */
  permission: Permission | null
}

const READS: Read[] = Object.entries(OPENAPI_DOCUMENT.paths ?? {}).flatMap(([path, methods]) => {
  const { get: read } = methods as { get?: { description?: string; security?: Record<string, unknown>[] } }
  if (!read?.security?.some((scheme) => 'bearer' in scheme)) return []
  const [, named] = /Needs the permission `([a-z:-]+)`/.exec(read.description ?? '') ?? []
  const permission = Object.keys(PERMISSIONS).find((name): name is Permission => name === named) ?? null
  return [{ path: path.replaceAll(/\{\w+\}/g, 'none'), permission }]
})
/** This route reads the token and the blocklist alone, whose lag docs/security.md states. */
const BY_TOKEN = ['/auth/session']

describe('a read that needs a token', () => {
  it('is one of a list that names the permission of every route of administrators', () => {
    const open = READS.filter(({ permission }) => permission === null).map(({ path }) => path)
    expect(open.filter((path) => !path.startsWith('/auth/'))).toEqual([])
    expect(READS.length).toBeGreaterThanOrEqual(10)
  })

  it.each(READS.filter(({ path }) => !BY_TOKEN.includes(path)))(
    'refuses a session that has ended and an account that is deactivated: GET $path (ASVS 8.3.2)',
    async ({ path }) => {
      const { id, email, tokens, session } = await administrator()
      const other = await logIn(email)
      await rows('delete from sessions where id = ?', session.id)
      await expectRefusal(await get(path, bearer(tokens.accessToken)), 401, 'unauthenticated')
      await deactivate(id)
      await expectRefusal(await get(path, bearer(other.tokens.accessToken)), 401, 'unauthenticated')
    },
  )

  it.each(READS.flatMap(({ path, permission }) => (permission === null ? [] : { path, permission })))(
    'refuses a user without its permission, and lets in who has it: GET $path, $permission (ASVS 8.2.1)',
    async ({ path, permission }) => {
      const { tokens } = await signedIn()
      await expectRefusal(await get(path, bearer(tokens.accessToken)), 403, 'forbidden')
      const holder = await administrator([permission])
      expect([200, 404]).toContain((await holder.send('GET', path)).status)
    },
  )
})

describe('a route whose guard leaves the session to what it reads', () => {
  const answers = { 200: answer(z.object({}), 'Something.') }
  const stated = { method: 'get', tags: [], summary: 'A route of this test', answers } as const
  const guard = reader({ permission: 'users:read' })
  const app = new Hono<AppEnv>()
  app.use(async (c, next) => {
    c.set('platform', jobPlatform())
    await next()
  })
  app.onError(handleError)
  app.route(
    '/',
    createRouter()
      .openapi(route({ ...stated, path: '/forgets', guard }), (c) => c.json({ secret: 'of somebody' }, 200))
      .openapi(route({ ...stated, path: '/ignores', guard }), async (c) => {
        const { readAsCaller, platform } = c.var
        await readAsCaller(findUserStatement(platform.db, 'nobody')).catch(() => undefined)
        return c.json({ secret: 'of somebody' }, 200)
      })
      .openapi(route({ ...stated, path: '/reads', guard }), async (c) => {
        const { readAsCaller, platform } = c.var
        await readAsCaller(findUserStatement(platform.db, 'nobody'))
        return c.json({ secret: 'of somebody' }, 200)
      }),
  )
  const ask = async (path: string, { tokens }: Pick<Awaited<ReturnType<typeof signedIn>>, 'tokens'>) =>
    await app.request(path, { headers: bearer(tokens.accessToken) })

  let log: ReturnType<typeof captureLog>
  beforeEach(() => {
    log = captureLog()
  })
  afterEach(() => log.release())

  it('answers nothing that it has not read so, also to somebody with the permission', async () => {
    const response = await ask('/forgets', await administrator())
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('of somebody')
    expect(log.lines()).toMatchObject([{ level: 'error', message: 'request failed' }])
  })

  it('answers nothing where it overlooked that the reading was refused', async () => {
    expect((await ask('/ignores', await signedIn())).status).toBe(500)
  })

  it('answers what it has read so', async () => {
    expect(await (await ask('/reads', await administrator())).json()).toEqual({ secret: 'of somebody' })
    expect((await ask('/reads', await signedIn())).status).toBe(403)
  })
})
