/**
 * `npm run bench:import` imports 100,000 users into the Worker of production, in a workerd of its own, and prints how
 * long that took, and which part of a request's CPU time the Worker itself needs. The profiler slows it down a little.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildWorker, removeBuild } from './lib/build.ts'
import { openClient } from './lib/client.ts'
import { openProfiler } from './lib/profiler.ts'
import { startWorkerd } from './lib/workerd.ts'
import { postern } from './services/postern.ts'

const REQUEST_LINES = 10_000
const ALL_LINES = 100_000
/** The COSE key of an authenticator, without what differs from key to key. */
const COSE_ES256 = 'pQECAyYgASFYIA'

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
  createdAt: '2020-02-03T04:05:06Z',
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

const statePath = await mkdtemp(join(tmpdir(), 'postern-bench-import-'))
const build = await buildWorker(postern.config)
const workerd = await startWorkerd(build, { statePath, withInspector: true })
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
  console.log(
    '| lines | requests | seconds | users a second | CPU of the Worker a request | CPU of the process a line |',
  )
  console.log('|---|---|---|---|---|---|')
  for (const [kind, { lines, make }] of Object.entries(KINDS)) {
    let seconds = 0
    let scriptMs = 0
    let imported = 0
    let requests = 0
    const startMs = await workerd.cpuMs()
    for (let from = 0; from < lines; ) {
      const people = Array.from({ length: REQUEST_LINES }, (_, nth) => JSON.stringify(make(kind, from + nth)))
      const profiler = await openProfiler(workerd)
      await profiler.start()
      const start = performance.now()
      const report = await send(people.join('\n'))
      seconds += (performance.now() - start) / 1000
      const { nodes, samples, timeDeltas } = await profiler.stop()
      const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id))
      const busy = timeDeltas.filter((_, index) => !idle.has(samples[index] ?? 0))
      scriptMs += busy.reduce((total, delta) => total + Math.max(delta, 0), 0) / 1000
      if (report.errors.length > 0) throw new Error(JSON.stringify(report.errors.slice(0, 3)))
      imported += report.imported
      requests += 1
      from += report.nextLine === null ? REQUEST_LINES : report.nextLine - 1
    }
    const cpuMs = (await workerd.cpuMs()) - startMs
    const cells = [
      `${imported} ${kind}`,
      requests,
      seconds.toFixed(1),
      Math.round(imported / seconds),
      `${Math.round(scriptMs / requests)} ms`,
      `${(cpuMs / imported).toFixed(2)} ms`,
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
} finally {
  client.close()
  await workerd.stop()
  await removeBuild(build)
  await rm(statePath, { recursive: true, force: true })
}
