import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { composePlatform } from '../../src/platform/compose.ts'
import { SYSTEM } from '../../src/platform/requester.ts'
import { signedIn } from '../support/accounts.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer } from '../support/client.ts'
import { interceptEnv } from '../support/intercept-env.ts'

const context = { waitUntil: () => undefined }
/** What belongs to one request: who asks, and what is done after its answer. */
const OF_REQUEST = ['requester', 'blocklist', 'rateLimiter', 'noteActivity']

describe('an isolate', () => {
  it('makes the parts of the platform once, but for those that belong to a request', () => {
    const bindings = { ...env } as unknown as Env
    const [first, second] = [1, 2].map(() => composePlatform(bindings, { ...SYSTEM }, { ...context }))
    const parts = Object.entries(first ?? {})
    expect(parts.length).toBeGreaterThan(10)
    const others = new Map(Object.entries(second ?? {}))
    const made = parts.filter(([name, part]) => others.get(name) !== part).map(([name]) => name)
    expect(made.sort()).toEqual([...OF_REQUEST].sort())
  })

  it('keeps no promise among them, which a later request could not wait for', () => {
    const platform = composePlatform({ ...env } as unknown as Env, SYSTEM, context)
    const values = Object.entries(platform).filter(([name]) => !OF_REQUEST.includes(name) && name !== 'db')
    for (const [, part] of values) expect(part).not.toBeInstanceOf(Promise)
  })

  it('prepares the text of a statement once, for all requests of its routes', async () => {
    const prepared: string[] = []
    const DB = new Proxy(env.DB, {
      get: (database, name) => {
        const value: unknown = Reflect.get(database, name, database)
        if (name !== 'prepare') return typeof value === 'function' ? value.bind(database) : value
        return (text: string) => {
          prepared.push(text)
          return database.prepare(text)
        }
      },
    })
    const bindings = interceptEnv({ ...env, DB } as unknown as Env, (_, proceed) => proceed())
    const { tokens } = await signedIn()
    const headers = bearer(tokens.accessToken)
    let { refreshToken } = tokens
    const round = async () => {
      prepared.length = 0
      const refreshed = await callWorker(bindings, 'POST', '/auth/refresh', { body: { refreshToken } })
      refreshToken = ((await refreshed.json()) as { refreshToken: string }).refreshToken
      for (const path of ['/auth/me', '/auth/sessions'])
        expect((await callWorker(bindings, 'GET', path, { headers })).status).toBe(200)
      expect((await callWorker(bindings, 'PATCH', '/auth/me', { headers, body: {} })).status).toBe(200)
    }
    await round()
    expect(prepared.length).toBeGreaterThan(0)
    await round()
    expect(prepared).toEqual([])
  })
})
