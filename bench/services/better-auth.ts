import { randomBytes } from 'node:crypto'
import { buildWorker, removeBuild } from '../lib/build.ts'
import { inTurns } from '../lib/load.ts'
import { startWorkerd } from '../lib/workerd.ts'
import { configurePeer } from './peer.ts'
import type { Service } from './service.ts'

interface Member {
  email: string
  cookie: string
}

const ORIGIN = 'http://localhost:8788'
const PASSWORD = 'correct horse battery staple'
const BINDINGS = {
  d1_databases: [{ binding: 'DB', database_name: 'better-auth', database_id: 'better-auth' }],
  vars: { BETTER_AUTH_URL: ORIGIN, BETTER_AUTH_SECRET: randomBytes(32).toString('base64url') },
}

/** better-auth refuses requests that change something without an origin that it trusts. */
const sameOrigin = { Origin: ORIGIN }

/** better-auth in its documented set-up: D1, Hono, e-mail and password, the JWT and the two-factor plugin. */
export const betterAuth: Service<Member> = {
  name: 'better-auth',
  config: configurePeer('better-auth', 'better-auth/index.ts', BINDINGS),
  hello: { path: '/api/auth/ok' },
  migrate: async (statePath) => {
    const build = await buildWorker(configurePeer('better-auth-migrations', 'better-auth/migrate.ts', BINDINGS))
    const workerd = await startWorkerd(build, { statePath })
    const answer = await fetch(workerd.origin)
    if (!answer.ok) throw new Error(`The tables of better-auth could not be made: ${await answer.text()}`)
    await workerd.stop()
    await removeBuild(build)
  },
  enrol: (client, count) =>
    inTurns(
      Array.from({ length: count }, (_, nth) => `member${nth}@example.com`),
      async (email) => {
        const { headers } = await client.send(200, {
          method: 'POST',
          path: '/api/auth/sign-up/email',
          headers: sameOrigin,
          body: { name: 'Member', email, password: PASSWORD },
        })
        const cookies = [headers['set-cookie'] ?? []].flat().map((cookie) => cookie.split(';')[0])
        return { email, cookie: cookies.join('; ') }
      },
    ),
  operations: {
    'GET /get-session': async (client, { cookie }) => {
      const { text } = await client.send(200, { path: '/api/auth/get-session', headers: { Cookie: cookie } })
      if (text === 'null') throw new Error('better-auth knows no session')
    },
    'GET /token': async (client, { cookie }) => {
      await client.send(200, { path: '/api/auth/token', headers: { Cookie: cookie } })
    },
    'POST /sign-in/email': async (client, { email }) => {
      await client.send(200, {
        method: 'POST',
        path: '/api/auth/sign-in/email',
        headers: sameOrigin,
        body: { email, password: PASSWORD },
      })
    },
  },
}
