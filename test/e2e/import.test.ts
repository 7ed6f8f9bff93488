import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { fileURLToPath, URL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Service, startService } from './support/service.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ADMIN = 'root@example.com'
const PASSWORD = 'four unrelated words here'

/** A checkout of its own, because a command keeps its session and how far it has come in it. */
const checkout = mkdtempSync(join(tmpdir(), 'postern-import-'))
let service: Service

beforeAll(async () => {
  for (const part of ['scripts', 'src', 'migrations', 'package.json', 'tsconfig.json', 'wrangler.toml'])
    cpSync(join(ROOT, part), join(checkout, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'))
  const variables = ['RATE_LIMITS:off', `BOOTSTRAP_ADMIN_EMAIL:${ADMIN}`, 'REQUIRE_EMAIL_VERIFICATION:false']
  service = await startService(...variables.flatMap((variable) => ['--var', variable]))
  await makeAdmin()
  const signedIn = await run('scripts/admin.ts', ['login'], `${ADMIN}\n${PASSWORD}\n`)
  expect(signedIn).toMatchObject({ status: 0 })
})
afterAll(async () => {
  await service?.stop()
  rmSync(checkout, { recursive: true, force: true })
})

async function post(path: string, body: object): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' }
  return await fetch(`${service.origin}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

/** Signs up with the address of the first administrator, and confirms it by the mail. */
async function makeAdmin(): Promise<void> {
  expect((await post('/auth/register', { email: ADMIN, password: PASSWORD })).status).toBe(202)
  await vi.waitFor(
    async () => {
      const mailbox = await fetch(`${service.origin}/dev/mailbox.json?to=${encodeURIComponent(ADMIN)}`)
      const { items } = (await mailbox.json()) as { items: { text: string }[] }
      const token = /#token=(\S+)/.exec(items[0]?.text ?? '')?.[1] ?? ''
      expect((await post('/auth/verify-email', { token })).status).toBe(200)
    },
    { timeout: 30_000, interval: 500 },
  )
}

/** Starts a script as an operator does. `interruptAt` is what it prints before it is interrupted as by Ctrl-C. */
async function run(script: string, args: readonly string[], input = '', interruptAt?: RegExp) {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: checkout,
    env: { ...process.env, PORT: new URL(service.origin).port },
  })
  child.stdin.end(input)
  let stderr = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (chunk: string) => {
    stderr += chunk
    if (interruptAt?.test(stderr)) child.kill('SIGINT')
  })
  const exited = once(child, 'close')
  const stdout = await readText(child.stdout)
  const [status] = await exited
  return { status, stdout, stderr }
}

let files = 0
function write(lines: readonly (object | string)[]): string {
  files += 1
  const file = join(checkout, `people-${files}.ndjson`)
  writeFileSync(file, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''))
  return file
}
const people = (count: number, kind: string) =>
  Array.from({ length: count }, (_, nth) => ({ email: `${kind}${nth}@example.com` }))
const importFile = (file: string, ...options: string[]) => run('scripts/import.ts', [file, ...options])

describe('npm run import', () => {
  it('explains itself, and says what is wrong with the arguments', async () => {
    const help = await run('scripts/import.ts', ['--help'])
    expect(help).toMatchObject({ status: 0, stdout: expect.stringContaining('npm run import -- <file.ndjson>') })
    expect(await run('scripts/import.ts', [])).toMatchObject({ status: 2, stderr: expect.stringContaining('one file') })
    expect(await importFile('nowhere.ndjson')).toMatchObject({ status: 1, stderr: expect.stringContaining('nowhere') })
  })

  it('prints each refused line with its number, and how many accounts were made, would be made or are there', async () => {
    const file = write([{ email: 'one@example.com' }, 'not JSON', { email: 'two@example.com', username: '-' }])
    const asked = await importFile(file, '--dry-run')
    expect(asked).toMatchObject({ status: 1, stdout: 'line 2: invalid_json\nline 3: invalid_username\n' })
    expect(asked.stderr).toContain('1 accounts would be imported, 0 have one already, 2 lines were refused.')
    const made = await importFile(file, '--json')
    expect(made.stdout.trim().split('\n')).toEqual([
      '{"line":2,"code":"invalid_json"}',
      '{"line":3,"code":"invalid_username"}',
      '{"imported":1,"skipped":0,"errors":2}',
    ])
    expect((await importFile(file)).stderr).toContain('0 accounts were imported, 1 have one already')
  })

  it('goes on where it was interrupted, with the header line and the right numbers', async () => {
    const firebaseScrypt = { signerKey: btoa('x'.repeat(64)), saltSeparator: 'Bw==', rounds: 8, memCost: 14 }
    const all = [{ hashParameters: { firebaseScrypt } }, ...people(15_000, 'many'), { email: 'nobody' }]
    const file = write(all)
    const broken = await run('scripts/import.ts', [file], '', / lines {2}/)
    expect(broken).toMatchObject({ status: 130, stderr: expect.stringContaining('Run the same command again') })
    const { status, stdout, stderr } = await importFile(file)
    expect({ status, stdout }).toEqual({ status: 1, stdout: `line ${all.length}: invalid_email\n` })
    expect(stderr).toMatch(/goes on behind line (5000|10000|15000)/)
    const [, imported = '', skipped = ''] = /(\d+) accounts were imported, (\d+) have one already/.exec(stderr) ?? []
    expect(Number(imported) + Number(skipped)).toBe(15_000)
    expect((await importFile(file)).stderr).not.toContain('goes on behind')
  })
})
