import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findAuthenticator } from './support/find-program.ts'
import { PASSWORD, type SignedIn, startWorkers, type Workers } from './support/harness.ts'

let workers: Workers
let person: SignedIn
beforeAll(async () => {
  workers = await startWorkers()
  person = await workers.signedIn()
})
afterAll(() => workers?.close())

/** Asks the authenticator for the code of a secret, at the current time step or so many steps of 30 s away from it. */
function codeOf(secret: string, steps = 0): string {
  const program = findAuthenticator()
  if (program === null) throw new Error('no oathtool on this machine')
  const at = new Date(Date.now() + steps * 30_000).toISOString()
  return execFileSync(program, ['--totp', '--base32', '--now', at, secret], { encoding: 'utf8' }).trim()
}

describe('a stock authenticator (oathtool, RFC 6238)', () => {
  it('is set up with the secret, signs in once by each code, and not by a code that is two steps old', async () => {
    const headers = { Authorization: `Bearer ${person.tokens.accessToken}` }
    const begun = await workers.post('/auth/mfa/totp', undefined, headers)
    const { secret } = (await begun.json()) as { secret: string }
    const activated = await workers.post('/auth/mfa/totp/activate', { code: codeOf(secret) }, headers)
    expect(activated.status).toBe(200)

    const waiting = await workers.post('/auth/login', { identifier: person.email, password: PASSWORD })
    const { ticket, methods } = (await waiting.json()) as { ticket: string; methods: string[] }
    expect(methods).toContain('totp')
    const complete = (code: string) => workers.post('/auth/login/mfa', { ticket, method: 'totp', code })
    expect((await complete(codeOf(secret, -3))).status).toBe(401)
    const next = codeOf(secret, 1)
    expect((await complete(next)).status).toBe(200)
    expect((await complete(next)).status).toBe(401)
  })
})
