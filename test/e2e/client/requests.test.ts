import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClient, PosternError } from '../../../src/client/index.ts'
import { fakeService, json, nothing, problem } from '../support/fake-service.ts'

const baseUrl = 'https://auth.example.com'

afterEach(() => void vi.unstubAllGlobals())

describe('request()', () => {
  it('says by a typed code, with the fields and the time to wait, what was refused', async () => {
    const errors = [{ path: 'password', message: 'Use at least 8 characters.' }]
    fakeService({
      'POST /auth/register': () => problem(400, 'invalid_request', { errors }, { 'Retry-After': '7' }),
    })
    const error = await createClient({ baseUrl })
      .register({ email: 'ada@example.com', password: 'x' })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(PosternError)
    expect(error).toMatchObject({
      code: 'invalid_request',
      status: 400,
      errors,
      retryAfterSeconds: 7,
      requestId: 'request-1',
    })
  })

  it('fills paths and queries, and leaves out what is undefined', async () => {
    const urls: string[] = []
    vi.stubGlobal('fetch', async (url: string) => {
      urls.push(url)
      return json({})
    })
    const client = createClient({ baseUrl })
    await client.request('GET /users/{id}', { path: { id: 'a/b?c' } })
    await client.request('GET /users', { query: { q: 'ä&b', limit: 5 } })
    expect(urls).toEqual([`${baseUrl}/users/a%2Fb%3Fc`, `${baseUrl}/users?q=%C3%A4%26b&limit=5`])
  })

  it.each(['', '.', '..'])('refuses an id %j that would lead to another route', async (id) => {
    const { sent } = fakeService()
    await expect(createClient({ baseUrl }).request('DELETE /users/{id}', { path: { id } })).rejects.toThrow(TypeError)
    expect(sent).toEqual([])
  })

  it('leaves an abort by its caller as it is', async () => {
    fakeService()
    const request = createClient({ baseUrl }).request('GET /roles', { signal: AbortSignal.abort() })
    await expect(request).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('follows no redirect', async () => {
    const modes: unknown[] = []
    vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
      modes.push(init.redirect)
      return json({})
    })
    await createClient({ baseUrl }).request('GET /roles')
    expect(modes).toEqual(['error'])
  })
})

describe('a step-up', () => {
  const needed = { maxAgeSeconds: 600, methods: ['password', 'totp'] }
  const refused = () => problem(403, 'step_up_required', needed)

  function service() {
    let isRecent = false
    return fakeService({
      'DELETE /auth/mfa/totp': () => (isRecent ? nothing() : refused()),
      'POST /auth/step-up': () => {
        isRecent = true
        return json({ expiresIn: 900 })
      },
    })
  }

  it('is asked for once by all requests that need it, and each of them is repeated once', async () => {
    const { routes } = service()
    const onStepUp = vi.fn(async () => {
      await client.stepUp({ method: 'totp', code: '123456' })
      return true
    })
    const client = createClient({ baseUrl, onStepUp })
    await Promise.all([client.request('DELETE /auth/mfa/totp'), client.request('DELETE /auth/mfa/totp')])
    expect(onStepUp.mock.calls).toEqual([[needed]])
    expect(routes().filter((route) => route === 'DELETE /auth/mfa/totp')).toHaveLength(4)
  })

  it('that the person declines leaves the refusal', async () => {
    const { routes } = service()
    const client = createClient({ baseUrl, onStepUp: async () => false })
    await expect(client.request('DELETE /auth/mfa/totp')).rejects.toMatchObject({ code: 'step_up_required' })
    expect(routes()).toHaveLength(1)
  })

  it('that was not enough is not asked for again', async () => {
    const { routes } = fakeService({ 'DELETE /auth/mfa/totp': refused })
    const client = createClient({ baseUrl, onStepUp: async () => true })
    await expect(client.request('DELETE /auth/mfa/totp')).rejects.toMatchObject({ members: needed })
    expect(routes()).toHaveLength(2)
  })

  it('is not asked for where nobody listens', async () => {
    service()
    const request = createClient({ baseUrl }).request('DELETE /auth/mfa/totp')
    await expect(request).rejects.toMatchObject({ code: 'step_up_required', status: 403 })
  })
})
