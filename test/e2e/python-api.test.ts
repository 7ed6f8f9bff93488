import type { ChildProcess } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runPython } from './support/python-backend.ts'
import { findFreePort, type Service, startService } from './support/service.ts'
import { signUpAt } from './support/sign-up.ts'

const PASSWORD = 'four unrelated words here'
const APP = 'https://app.example.com'

let api: { origin: string; child: ChildProcess }
const ask = (authorization: string, method = 'GET') =>
  fetch(api.origin, { method, headers: authorization === '' ? {} : { Authorization: authorization } })
const answerOf = async (authorization: string) => {
  const response = await ask(authorization)
  return { status: response.status, body: (await response.json()) as unknown }
}

async function startApi(issuer: string): Promise<void> {
  const port = await findFreePort()
  const child = runPython(['server.py'], { ISSUER: issuer, APP, PORT: String(port) })
  api = { origin: `http://localhost:${port}`, child }
  await vi.waitUntil(() => ask('', 'OPTIONS').catch(() => null), { timeout: 60_000, interval: 100 })
}
afterEach(() => void api.child.kill())

describe('examples/python-api, beside the service', () => {
  let service: Service
  afterAll(() => service?.stop())

  it('knows who is calling, refuses whoever is not signed in, and lets the page of its app call it', async () => {
    service = await startService('--var', 'RATE_LIMITS:off')
    await startApi(service.origin)
    const response = await fetch(`${service.origin}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ identifier: await signUpAt(service.origin, PASSWORD), password: PASSWORD }),
    })
    const { user, tokens } = (await response.json()) as {
      user: { id: string }
      tokens: { accessToken: string; refreshToken: string }
    }
    expect(await answerOf(`Bearer ${tokens.accessToken}`)).toEqual({ status: 200, body: { hello: user.id } })
    const refused = { status: 401, body: { code: 'unauthenticated' } }
    for (const authorization of [
      '',
      'Bearer',
      'Bearer x',
      `Basic ${tokens.accessToken}`,
      `Bearer ${tokens.refreshToken}`,
    ])
      expect(await answerOf(authorization)).toEqual(refused)
    const { headers } = await ask('', 'OPTIONS')
    expect(headers.get('Access-Control-Allow-Origin')).toBe(APP)
    expect(headers.get('Access-Control-Allow-Headers')).toBe('Authorization')
  })
})

describe('examples/python-api, while the service has trouble', () => {
  let keys: Server
  let issuer: string
  let asked: number
  let isDown: boolean
  let makeToken: (kid: string) => Promise<string>

  beforeEach(async () => {
    asked = 0
    isDown = false
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const jwk = { ...(await exportJWK(publicKey)), kid: 'known', alg: 'ES256', use: 'sig' }
    keys = createServer(({ headers }, response) => {
      asked += 1
      const isRefused = headers['user-agent']?.startsWith('Python-urllib')
      if (isDown || isRefused) response.writeHead(503).end('<h1>Down</h1>')
      else response.end(JSON.stringify({ keys: [jwk] }))
    })
    const port = await findFreePort()
    await new Promise<void>((resolve) => keys.listen(port, 'localhost', resolve))
    issuer = `http://localhost:${port}`
    makeToken = async (kid) =>
      await new SignJWT({ sid: 'session-1' })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject('user-1')
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey)
    await startApi(issuer)
  })
  afterEach(() => void keys.close())

  it('says that it cannot tell, and takes the token as soon as it has the keys', async () => {
    isDown = true
    const token = `Bearer ${await makeToken('known')}`
    expect(await answerOf(token)).toEqual({ status: 503, body: { code: 'unavailable' } })
    isDown = false
    expect(await answerOf(token)).toEqual({ status: 200, body: { hello: 'user-1' } })
  })

  it('goes on with the keys that it knows, and asks seldom for tokens that name unknown ones', async () => {
    const token = `Bearer ${await makeToken('known')}`
    expect((await answerOf(token)).status).toBe(200)
    isDown = true
    const unknown = await Promise.all(['a', 'b', 'c', '__proto__'].map(makeToken))
    for (const forged of unknown) expect((await answerOf(`Bearer ${forged}`)).status).toBe(401)
    expect((await answerOf(token)).status).toBe(200)
    expect(asked).toBeLessThan(unknown.length)
  })
})
