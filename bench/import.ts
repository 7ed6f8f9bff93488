/**
 * `npm run bench:import` imports 100,000 users into the Worker of production, in a workerd of its own, and prints how
 * long that took. The CPU time of the process is that of the Worker and of the database, which Cloudflare does not bill
 * as the Worker's. So it also prints the CPU time that Node takes to read the same lines and to write the parameters of
 * the statements, which is nearly all that the Worker does.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSource } from '../scripts/lib/source.ts'
import { buildWorker, removeBuild } from './lib/build.ts'
import { openClient } from './lib/client.ts'
import { startWorkerd } from './lib/workerd.ts'
import { postern } from './services/postern.ts'

const REQUEST_LINES = 10_000
const ALL_LINES = 100_000
/** The COSE key of an authenticator, without what differs from key to key. */
const COSE_ES256 = 'pQECAyYgASFYIA'

const CHUNK_LINES = 500
/** In so many statements of a batch each person stands. */
const STATEMENTS = 4

interface Report {
  imported: number
  skipped: number
  errors: unknown[]
  nextLine: number | null
}

const plain = (kind: string, nth: number) => ({
  email: `${kind}${nth}@crowd.example`,
  emailVerified: nth % 10 !== 0,
  passwordHash: '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW',
  username: `${kind}${nth}`,
  name: `Ada Lovelace the ${nth}th`,
  createdAt: '2019-02-03T04:05:06Z',
})
const KINDS: Readonly<Record<string, { lines: number; make: (kind: string, nth: number) => object }>> = {
  plain: { lines: ALL_LINES, make: plain },
  totp: {
    lines: REQUEST_LINES,
    make: (kind, nth) => ({ ...plain(kind, nth), emailVerified: true, totpSecret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' }),
  },
  passkeys: {
    lines: REQUEST_LINES,
    make: (kind, nth) => ({
      ...plain(kind, nth),
      emailVerified: true,
      passkeys: [
        {
          credentialId: randomBytes(32).toString('base64url'),
          publicKey: makePublicKey(),
          userHandle: randomBytes(16).toString('base64url'),
          counter: 0,
          backupEligible: true,
        },
      ],
    }),
  },
}

/** Writes a COSE key of ES256 (RFC 9053 §7.1.1): its members, and the two coordinates. */
function makePublicKey(): string {
  const start = Buffer.from(COSE_ES256, 'base64url')
  return Buffer.concat([start, randomBytes(32), Buffer.from([0x22, 0x58, 0x20]), randomBytes(32)]).toString('base64url')
}

/** What reads the lines in the Worker, as far as this script uses it. */
interface Source {
  readLines(stream: AsyncIterable<Uint8Array>, maxBytes: number): AsyncIterable<object>
  readPeople(deps: object, lines: AsyncIterable<object>, report: object): AsyncIterable<object>
}

const { readLines, readPeople } = await loadSource<Source>('services/import/people.ts', 'services/import/lines.ts')

/** Answers how many microseconds of CPU a line takes before and behind the database. */
async function measureReading(text: string): Promise<number> {
  const secrets = [{ version: 'v1', secret: randomBytes(32) }]
  const settings = { secrets, requireEmailVerification: true }
  const deps = { settings, providers: new Map(), now: () => Date.now(), parameters: null }
  const bytes = new TextEncoder().encode(text)
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
  }
  const start = process.cpuUsage()
  const people: object[] = []
  const report = { imported: 0, skipped: 0, errors: [], nextLine: null }
  for await (const person of readPeople(deps, readLines(pieces(), 65_536), report)) people.push(person)
  for (let at = 0; at < people.length; at += CHUNK_LINES)
    for (let nth = 0; nth < STATEMENTS; nth += 1) JSON.stringify(people.slice(at, at + CHUNK_LINES))
  const { user, system } = process.cpuUsage(start)
  return (user + system) / people.length
}

const statePath = await mkdtemp(join(tmpdir(), 'postern-bench-import-'))
const build = await buildWorker(postern.config)
const workerd = await startWorkerd(build, { statePath })
const client = openClient(workerd.origin, 1)
try {
  await postern.migrate?.(statePath, workerd)
  const [member] = await postern.enrol(client, 1)
  const db = await workerd.database()
  await db.prepare("insert into user_roles (user_id, role) select id, 'admin' from users").run()

  async function send(body: string): Promise<Report> {
    const response = await fetch(`${workerd.origin}/users/import`, {
      method: 'POST',
      // workerd closes an idle connection, perhaps at the moment at which it is used again.
      headers: {
        Authorization: `Bearer ${member?.accessToken}`,
        'Content-Type': 'application/x-ndjson',
        Connection: 'close',
      },
      body,
    })
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
    return (await response.json()) as Report
  }

  console.log(`${availableParallelism()} × ${cpus()[0]?.model}, Node ${process.versions.node}\n`)
  console.log('| lines | requests | seconds | users a second | CPU of the process a request | CPU to read a line |')
  console.log('|---|---|---|---|---|---|')
  for (const [kind, { lines, make }] of Object.entries(KINDS)) {
    const people = Array.from({ length: lines }, (_, nth) => JSON.stringify(make(kind, nth)))
    const startMs = await workerd.cpuMs()
    const start = performance.now()
    let requests = 0
    for (let from = 0; from < lines; requests += 1) {
      const report = await send(people.slice(from, from + REQUEST_LINES).join('\n'))
      if (report.errors.length + report.skipped > 0) throw new Error(JSON.stringify(report).slice(0, 300))
      from += report.nextLine === null ? REQUEST_LINES : report.nextLine - 1
    }
    const seconds = (performance.now() - start) / 1000
    const cpuMs = (await workerd.cpuMs()) - startMs
    const sample = people.slice(0, REQUEST_LINES).join('\n')
    await measureReading(sample)
    const cells = [
      `${lines} ${kind}`,
      requests,
      seconds.toFixed(1),
      Math.round(lines / seconds),
      `${Math.round(cpuMs / requests)} ms`,
      `${Math.round(await measureReading(sample))} µs`,
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
} finally {
  client.close()
  await workerd.stop()
  await removeBuild(build)
  await rm(statePath, { recursive: true, force: true })
}
