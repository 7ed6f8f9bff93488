import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { unstable_splitSqlQuery } from 'wrangler'
import { projectRoot } from '../../scripts/lib/wrangler.ts'
import { readProductionConfig } from '../lib/build.ts'
import type { Client } from '../lib/client.ts'
import { inTurns } from '../lib/load.ts'
import type { Config, Operation, Service } from './service.ts'

export interface Member {
  email: string
  accessToken: string
  refreshToken: string
  deviceToken: string
}

interface SignedIn {
  session: { deviceToken: string }
  tokens: { accessToken: string; refreshToken: string }
}

const PASSWORD = 'correct horse battery staple'

/**
 * Derives the configuration from that of production. Pages and crons are left out, and plain http and a mailbox on this
 * machine are let in. Access tokens last for as long as a run takes. Rate limits are on, as in production.
 */
function deriveConfig(): Config {
  const { assets: _, triggers: __, unsafe: ___, routes: ____, ...config } = readProductionConfig()
  return {
    ...config,
    vars: {
      ...config.vars,
      ENVIRONMENT: 'development',
      ISSUER: 'http://localhost:8787',
      AUTH_SECRET: `v1:${randomBytes(32).toString('base64url')}`,
      MAIL_TRANSPORT: 'mailbox',
      LOG_LEVEL: 'warn',
      ACCESS_TOKEN_TTL_SECONDS: '3600',
    },
    durable_objects: {
      bindings: [...(config.durable_objects?.bindings ?? []), { name: 'DEV_MAILBOX', class_name: 'DevMailbox' }],
    },
    migrations: [...(config.migrations ?? []), { tag: 'bench', new_sqlite_classes: ['DevMailbox'] }],
  }
}

const bearer = ({ accessToken }: Pick<Member, 'accessToken'>) => ({ Authorization: `Bearer ${accessToken}` })

/** Waits for the mail to an address and reads its token. */
async function readMailedToken(client: Client, email: string): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { text } = await client.send(200, { path: `/dev/mailbox.json?to=${encodeURIComponent(email)}` })
    const [mail] = (JSON.parse(text) as { items: { text: string }[] }).items
    const token = /#token=(\S+)/.exec(mail?.text ?? '')?.[1]
    if (token !== undefined) return token
    await sleep(50)
  }
  throw new Error('A mail did not arrive.')
}

async function logIn(client: Client, email: string, deviceToken?: string): Promise<SignedIn> {
  const { text } = await client.send(200, {
    method: 'POST',
    path: '/auth/login',
    headers: deviceToken === undefined ? {} : { 'X-Device-Token': deviceToken },
    body: { identifier: email, password: PASSWORD },
  })
  return JSON.parse(text) as SignedIn
}

const register = (client: Client, email: string) =>
  client.send(202, { method: 'POST', path: '/auth/register', body: { email, password: PASSWORD } })

async function enrolMember(client: Client, email: string): Promise<Member> {
  await register(client, email)
  const token = await readMailedToken(client, email)
  await client.send(200, { method: 'POST', path: '/auth/verify-email', body: { token } })
  const { session, tokens } = await logIn(client, email)
  return { email, deviceToken: session.deviceToken, ...tokens }
}

const OPERATIONS = {
  'GET /auth/session': async (client, member) => {
    await client.send(200, { path: '/auth/session', headers: bearer(member) })
  },
  'GET /auth/me': async (client, member) => {
    await client.send(200, { path: '/auth/me', headers: bearer(member) })
  },
  'POST /auth/refresh': async (client, member) => {
    const body = { refreshToken: member.refreshToken }
    const { text } = await client.send(200, { method: 'POST', path: '/auth/refresh', body })
    Object.assign(member, JSON.parse(text) as SignedIn['tokens'])
  },
  'POST /auth/login': async (client, { email, deviceToken }) => {
    await logIn(client, email, deviceToken)
  },
} satisfies Record<string, Operation<Member>>

export const postern: Service<Member> = {
  name: 'Postern',
  config: deriveConfig(),
  hello: { path: '/health' },
  migrate: async (_, { database }) => {
    const folder = join(projectRoot, 'migrations')
    const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
    const db = await database()
    for (const file of files) {
      const statements = unstable_splitSqlQuery(await readFile(join(folder, file), 'utf8'))
      await db.batch(statements.map((statement) => db.prepare(statement)))
    }
  },
  enrol: (client, count) =>
    inTurns(
      Array.from({ length: count }, (_, nth) => `member${nth}@example.com`),
      (email) => enrolMember(client, email),
    ),
  operations: OPERATIONS,
}

let newcomers = 0

/** What people do when nobody measures one thing alone, and how often. */
const MIX: readonly { weight: number; act: Operation<Member> }[] = [
  { weight: 45, act: OPERATIONS['GET /auth/session'] },
  { weight: 20, act: OPERATIONS['GET /auth/me'] },
  { weight: 20, act: OPERATIONS['POST /auth/refresh'] },
  { weight: 5, act: OPERATIONS['POST /auth/login'] },
  {
    weight: 5,
    act: async (client) => {
      newcomers += 1
      await register(client, `newcomer${newcomers}@example.com`)
    },
  },
  {
    weight: 5,
    act: async (client, member) => {
      const body = { refreshToken: member.refreshToken }
      await client.send(204, { method: 'POST', path: '/auth/logout', headers: bearer(member), body })
      const { session, tokens } = await logIn(client, member.email, member.deviceToken)
      Object.assign(member, tokens, session)
    },
  },
]

/** Does one of all that people do, chosen by chance. */
export const MIXED_LOAD: Operation<Member> = async (client, member) => {
  let chance = Math.random() * MIX.reduce((total, { weight }) => total + weight, 0)
  for (const { weight, act } of MIX) {
    chance -= weight
    if (chance < 0) return await act(client, member)
  }
}
