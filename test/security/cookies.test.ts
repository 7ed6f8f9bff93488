import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { ConfigurationError, parseSettings } from '../../src/env.ts'
import { verified } from '../support/accounts.ts'
import { cookiesOf, expectNoContent, expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer, PASSWORD } from '../support/client.ts'
import { countRows } from '../support/database.ts'

const SAME_ORIGIN = { 'Sec-Fetch-Site': 'same-origin' }
const APP = 'https://app.example.com'
const ISSUER = 'https://auth.example.com'
const deployment = (variables: Record<string, string> = {}) => ({ ...env, ...variables }) as unknown as Env

const DEPLOYMENTS = {
  'by default': { env: deployment(), sameSite: 'Lax', domain: null },
  'COOKIE_SAME_SITE=Strict': { env: deployment({ COOKIE_SAME_SITE: 'Strict' }), sameSite: 'Strict', domain: null },
  'COOKIE_SAME_SITE=None': {
    env: deployment({ COOKIE_SAME_SITE: 'None', ALLOWED_ORIGINS: APP }),
    sameSite: 'None',
    domain: null,
  },
  'COOKIE_DOMAIN=example.com': {
    env: deployment({ COOKIE_DOMAIN: 'example.com', ISSUER }),
    sameSite: 'Lax',
    domain: 'example.com',
  },
}
const names = Object.keys(DEPLOYMENTS) as (keyof typeof DEPLOYMENTS)[]

/** Keeps cookies as a browser does: by name, domain and path, until they are cleared. */
class Jar {
  readonly #cookies = new Map<string, { name: string; value: string; path: string }>()

  take(response: Response): void {
    for (const [name, { value, attributes }] of Object.entries(cookiesOf(response))) {
      const of = (attribute: string) =>
        attributes.find((one) => one.startsWith(`${attribute}=`))?.slice(attribute.length + 1)
      const path = of('Path') ?? ''
      const key = [name, of('Domain') ?? '', path].join('|')
      if (of('Max-Age') === '0') this.#cookies.delete(key)
      else this.#cookies.set(key, { name, value, path })
    }
  }

  /** Builds the header that a browser sends with a request to a path. */
  header(path: string): string {
    return [...this.#cookies.values()]
      .filter((cookie) => path.startsWith(cookie.path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  get names(): string[] {
    return [...this.#cookies.values()].map(({ name }) => name).sort()
  }
}

async function cookieLogin(bindings: Env) {
  const account = await verified()
  const body = { identifier: account.email, password: PASSWORD, delivery: 'cookie' }
  const response = await callWorker(bindings, 'POST', '/auth/login', { body })
  expect(response.status).toBe(200)
  return { ...account, response, text: await response.clone().text() }
}

describe('cookies of a login (ASVS 3.3.1-3.3.4)', () => {
  it.each(names)('have exactly the attributes that are promised: %s', async (name) => {
    const { env: bindings, sameSite, domain } = DEPLOYMENTS[name]
    const { response } = await cookieLogin(bindings)
    const common = ['HttpOnly', `SameSite=${sameSite}`, 'Secure']
    const shared = domain === null ? [] : [`Domain=${domain}`]
    const access = domain === null ? '__Host-access' : '__Secure-access'
    const attributes = Object.fromEntries(
      Object.entries(cookiesOf(response)).map(([key, one]) => [key, one.attributes]),
    )
    expect(attributes).toEqual({
      '__Host-device': [...common, 'Max-Age=31536000', 'Path=/'].sort(),
      [access]: [...common, ...shared, 'Max-Age=900', 'Path=/'].sort(),
      '__Secure-refresh': [...common, 'Max-Age=2592000', 'Path=/auth'].sort(),
    })
  })

  it('hold the tokens, and the body holds none', async () => {
    const { response, text } = await cookieLogin(deployment())
    for (const { value } of Object.values(cookiesOf(response))) {
      expect(value.length).toBeGreaterThan(40)
      expect(text).not.toContain(value)
      expect(text).not.toContain(decodeURIComponent(value))
    }
    expect(JSON.parse(text)).not.toHaveProperty('tokens')
    expect(JSON.parse(text)).not.toHaveProperty('session.deviceToken')
  })

  it('are only the device cookie where the tokens go into the body', async () => {
    const { email } = await verified()
    const body = { identifier: email, password: PASSWORD }
    expect(Object.keys(cookiesOf(await callWorker(deployment(), 'POST', '/auth/login', { body })))).toEqual([
      '__Host-device',
    ])
  })

  it('fit into the 4096 bytes a browser keeps (ASVS 3.3.5)', async () => {
    const { response } = await cookieLogin(deployment({ COOKIE_DOMAIN: 'example.com', ISSUER }))
    for (const field of response.headers.getSetCookie()) expect(field.length).toBeLessThan(2048)
  })
})

describe('setting, reading and clearing cookies agree', () => {
  it.each(names)('from login to logout: %s', async (name) => {
    const { env: bindings } = DEPLOYMENTS[name]
    const { response, id } = await cookieLogin(bindings)
    const jar = new Jar()
    jar.take(response)
    const call = async (method: string, path: string) => {
      const answer = await callWorker(bindings, method, path, { headers: { Cookie: jar.header(path), ...SAME_ORIGIN } })
      jar.take(answer)
      return answer
    }
    expect(jar.names).toHaveLength(3)
    expect((await call('GET', '/auth/me')).status).toBe(200)
    const before = jar.header('/auth/refresh')
    const refreshed = await call('POST', '/auth/refresh')
    expect(await refreshed.json()).toEqual({ expiresIn: 900 })
    expect(jar.names).toHaveLength(3)
    expect(jar.header('/auth/refresh')).not.toBe(before)
    expect((await call('GET', '/auth/me')).status).toBe(200)
    expect(jar.header('/elsewhere')).not.toContain('refresh')

    await expectNoContent(await call('POST', '/auth/logout'))
    expect(jar.names).toEqual(['__Host-device'])
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
    expect((await call('GET', '/auth/me')).status).toBe(401)
  })

  it.each(names)('when the account is deleted: %s', async (name) => {
    const { env: bindings } = DEPLOYMENTS[name]
    const { response } = await cookieLogin(bindings)
    const jar = new Jar()
    jar.take(response)
    const headers = { Cookie: jar.header('/auth/me'), ...SAME_ORIGIN }
    jar.take(await callWorker(bindings, 'DELETE', '/auth/me', { headers, body: { password: PASSWORD } }))
    expect(jar.names).toEqual(['__Host-device'])
  })

  it('ignores the access cookie of the other kind, which was set before COOKIE_DOMAIN was changed', async () => {
    const [host, domain] = [deployment({ ISSUER }), DEPLOYMENTS['COOKIE_DOMAIN=example.com'].env]
    for (const [issuing, reading] of [
      [host, domain],
      [domain, host],
    ] as const) {
      const jar = new Jar()
      jar.take((await cookieLogin(issuing)).response)
      const headers = { Cookie: jar.header('/elsewhere') }
      expect((await callWorker(issuing, 'GET', '/auth/session', { headers })).status).toBe(200)
      expect((await callWorker(reading, 'GET', '/auth/session', { headers })).status).toBe(401)
    }
  })
})

describe('cookies that this service did not set', () => {
  it.each([
    ['GET', '/auth/session', '__Host-access'],
    ['PATCH', '/auth/me', '__Host-access'],
    ['POST', '/auth/refresh', '__Secure-refresh'],
    ['POST', '/auth/logout', '__Secure-refresh'],
  ])(
    '%s %s refuses %s sent twice, because a sibling host may have planted one of them',
    async (method, path, cookie) => {
      const [victim, attacker] = [await cookieLogin(deployment()), await cookieLogin(deployment())]
      const values = [attacker, victim].map(({ response }) => `${cookie}=${cookiesOf(response)[cookie]?.value}`)
      for (const order of [values, [...values].reverse()]) {
        const headers = { Cookie: order.join('; '), ...SAME_ORIGIN }
        const answer = await callWorker(deployment(), method, path, {
          headers,
          ...(method === 'PATCH' ? { body: {} } : {}),
        })
        await expectRefusal(answer, 400, 'ambiguous_credentials')
        expect(answer.headers.getSetCookie()).toEqual([])
      }
    },
  )

  it.each(['access', 'Host-access', '__host-access', '__Secure-access', ' __Host-access x', 'x__Host-access'])(
    'signs nobody in by the name %s',
    async (name) => {
      const { response } = await cookieLogin(deployment())
      const headers = { Cookie: `${name}=${cookiesOf(response)['__Host-access']?.value}` }
      expect((await callWorker(deployment(), 'GET', '/auth/session', { headers })).status).toBe(401)
    },
  )

  it('signs nobody in by the device cookie, or by a token in a cookie of the wrong name', async () => {
    const cookies = cookiesOf((await cookieLogin(deployment())).response)
    const value = (name: string) => cookies[name]?.value
    for (const [path, Cookie] of [
      ['/auth/session', `__Host-device=${value('__Host-device')}`],
      ['/auth/session', `__Host-access=${value('__Secure-refresh')}`],
      ['/auth/session', `__Host-access=${value('__Host-device')}`],
      ['/auth/refresh', `__Secure-refresh=${value('__Host-access')}`],
      ['/auth/refresh', `__Host-device=${value('__Host-device')}`],
    ] as const) {
      const method = path === '/auth/refresh' ? 'POST' : 'GET'
      const answer = await callWorker(deployment(), method, path, { headers: { Cookie, ...SAME_ORIGIN } })
      expect(answer.status).toBe(401)
    }
  })

  it('refuses a cookie and a bearer token together, in whatever form the token is', async () => {
    const cookies = cookiesOf((await cookieLogin(deployment())).response)
    const Cookie = `__Host-access=${cookies['__Host-access']?.value}`
    for (const headers of [bearer(cookies['__Host-access']?.value ?? ''), { Authorization: 'Basic eDp5' }]) {
      const answer = await callWorker(deployment(), 'GET', '/auth/session', { headers: { ...headers, Cookie } })
      await expectRefusal(answer, 400, 'ambiguous_credentials')
    }
  })
})

describe('the configuration of cookies', () => {
  const problemsOf = (variables: Record<string, string>) => {
    try {
      parseSettings({ ...env, ...variables })
      return []
    } catch (error) {
      return error instanceof ConfigurationError ? error.problems.map(({ variable }) => variable) : [String(error)]
    }
  }
  it.each([
    [{ COOKIE_SAME_SITE: 'none' }, 'COOKIE_SAME_SITE'],
    [{ COOKIE_SAME_SITE: 'None' }, 'COOKIE_SAME_SITE'],
    [{ COOKIE_DOMAIN: 'localhost' }, 'COOKIE_DOMAIN'],
    [{ COOKIE_DOMAIN: '.example.com' }, 'COOKIE_DOMAIN'],
    [{ COOKIE_DOMAIN: 'example.com; Path=/' }, 'COOKIE_DOMAIN'],
    [{ COOKIE_DOMAIN: 'other.com', ISSUER }, 'COOKIE_DOMAIN'],
    [{ COOKIE_DOMAIN: 'ample.com', ISSUER }, 'COOKIE_DOMAIN'],
  ])('refuses %j', (variables, variable) => {
    expect(problemsOf(variables)).toEqual([variable])
  })

  it.each([
    { COOKIE_SAME_SITE: 'None', ALLOWED_ORIGINS: APP },
    { COOKIE_DOMAIN: 'example.com', ISSUER },
    { COOKIE_DOMAIN: 'auth.example.com', ISSUER },
  ])('takes %j', (variables) => {
    expect(problemsOf(variables)).toEqual([])
  })
})
