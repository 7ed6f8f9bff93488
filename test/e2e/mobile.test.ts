import { readFile } from 'node:fs/promises'
import { fileURLToPath, URL } from 'node:url'
import type { Client, PasskeyAssertion, PasskeyRegistration } from 'postern/client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAuth, type Device, whoIsHere } from '../../examples/mobile/src/auth.ts'
import { addPasskey, type Passkeys, signInWithPasskey } from '../../examples/mobile/src/passkeys.ts'
import { link, SIGNED_IN_LINK, signIn, takeLink } from '../../examples/mobile/src/providers.ts'
import { createAuthenticator } from '../support/passkey-authenticator.ts'
import { packClient } from './support/client-package.ts'
import { createHttpBrowser } from './support/http-browser.ts'
import { type OpenIdProvider, startOpenIdProvider } from './support/openid-provider.ts'
import { type Service, startService } from './support/service.ts'
import { signUpAt } from './support/sign-up.ts'

const PASSWORD = 'four unrelated words here'
const WELL_KNOWN = new URL('../../examples/mobile/well-known/', import.meta.url)
const GUIDE = fileURLToPath(new URL('../../docs/guides/mobile.md', import.meta.url))

let service: Service
let issuers: OpenIdProvider[]
let androidOrigin: string

/** The origin that Android gives to an app, made of the fingerprint of the certificate that signs it. */
async function readAndroidOrigin(): Promise<string> {
  const [{ target }] = JSON.parse(await readFile(new URL('assetlinks.json', WELL_KNOWN), 'utf8'))
  const fingerprint = Buffer.from(target.sha256_cert_fingerprints[0].replaceAll(':', ''), 'hex')
  return `android:apk-key-hash:${fingerprint.toString('base64url')}`
}

beforeAll(async () => {
  androidOrigin = await readAndroidOrigin()
  issuers = await Promise.all([
    startOpenIdProvider('basic', { anna: { email: 'anna@basic.example', email_verified: true } }),
    startOpenIdProvider('post', { anna: { email: 'anna@post.example', email_verified: true } }),
  ])
  const variables = {
    RATE_LIMITS: 'off',
    ALLOWED_REDIRECTS: SIGNED_IN_LINK,
    RP_ORIGINS: `http://localhost:8787,${androidOrigin}`,
    OIDC_PROVIDERS: JSON.stringify(issuers.map(({ settings }) => settings)),
  }
  service = await startService(...Object.entries(variables).flatMap(([name, value]) => ['--var', `${name}:${value}`]))
  for (const issuer of issuers) issuer.allowRedirect(`${service.origin}/auth/oauth/${issuer.settings.id}/callback`)
})
afterAll(async () => {
  await service?.stop()
  await Promise.all((issuers ?? []).map((issuer) => issuer.close()))
})

/** A phone: its secure storage outlives the app, and its browser waits at the link by which it comes back. */
function makePhone() {
  const stored = new Map<string, string>()
  const browser = createHttpBrowser()
  const links: string[] = []
  const device: Device = {
    secureStorage: {
      read: async (key) => stored.get(key) ?? null,
      write: async (key, value) => void stored.set(key, value),
    },
    openBrowser: async (url) => void links.push((await browser.walk(url, SIGNED_IN_LINK)).href),
  }
  return { stored, device, links, startApp: () => createAuth(service.origin, device) }
}

type Phone = ReturnType<typeof makePhone>

let phone: Phone
let auth: Client
beforeEach(() => {
  phone = makePhone()
  auth = phone.startApp()
})
afterEach(() => vi.unstubAllGlobals())

async function signInByPassword(): Promise<string> {
  const email = await signUpAt(service.origin, PASSWORD)
  await auth.login({ identifier: email, password: PASSWORD })
  return email
}

/** What the app has written down of its session. */
const grantOf = ({ stored }: Phone) => JSON.parse(stored.get('session') ?? '{}') as Record<string, unknown>

const loseNetwork = () => vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Network request failed')))

describe('the session of an app', () => {
  it('is that of nobody at first, and survives the end of the app', async () => {
    expect(await whoIsHere(auth)).toBe('nobody')
    const email = await signInByPassword()
    expect(Object.keys(grantOf(phone)).sort()).toEqual(['accessToken', 'deviceToken', 'dueAt', 'refreshToken'])
    expect(await whoIsHere(phone.startApp())).toMatchObject({ email })
  })

  it('is kept while there is no network, also where the app starts then', async () => {
    const email = await signInByPassword()
    loseNetwork()
    expect(await whoIsHere(auth)).toBe('unknown')
    const restarted = phone.startApp()
    expect(await whoIsHere(restarted)).toBe('unknown')
    expect(grantOf(phone)).toHaveProperty('refreshToken')
    vi.unstubAllGlobals()
    expect(await whoIsHere(restarted)).toMatchObject({ email })
  })

  it('is renewed after a long rest, and the new token is written down', async () => {
    const email = await signInByPassword()
    const before = grantOf(phone)
    phone.stored.set('session', JSON.stringify({ ...before, dueAt: 0, accessToken: 'expired' }))
    expect(await whoIsHere(phone.startApp())).toMatchObject({ email })
    expect(grantOf(phone).refreshToken).not.toBe(before.refreshToken)
    expect(await whoIsHere(phone.startApp())).toMatchObject({ email })
  })

  it('goes on where the app is ended before it hears of its renewal', async () => {
    const email = await signInByPassword()
    const { fetch } = globalThis
    vi.stubGlobal('fetch', async (...request: Parameters<typeof fetch>) => {
      await fetch(...request)
      throw new TypeError('Network request failed')
    })
    await expect(auth.refresh()).rejects.toMatchObject({ code: 'offline' })
    vi.unstubAllGlobals()
    const restarted = phone.startApp()
    expect(await restarted.refresh()).toBe(true)
    expect(await whoIsHere(restarted)).toMatchObject({ email })
  })

  it('is over when it was ended elsewhere, and leaves the token of the device alone', async () => {
    const email = await signInByPassword()
    const elsewhere = makePhone().startApp()
    await elsewhere.login({ identifier: email, password: PASSWORD })
    await elsewhere.request('DELETE /auth/sessions')
    expect(await whoIsHere(auth)).toBe('nobody')
    expect(Object.keys(grantOf(phone)).sort()).toEqual(['deviceToken', 'dueAt'])
  })
})

describe('a provider, by the browser of the system', () => {
  /** Opens the app by the link at which the browser has come back. */
  const comeBack = async (app: Client, on: Phone = phone) => await takeLink(app, on.device, on.links.pop() ?? '')

  it('signs in an app that was ended meanwhile, and links a second provider to a session that goes on', async () => {
    await signIn(auth, phone.device, 'basic')
    const restarted = phone.startApp()
    expect(await comeBack(restarted)).toMatchObject({ status: 'signed_in', user: { email: 'anna@basic.example' } })

    await link(restarted, phone.device, 'post')
    expect(await comeBack(restarted)).toMatchObject({ user: { providers: ['basic', 'post'] } })
    expect(await restarted.refresh()).toBe(true)
    expect(await whoIsHere(phone.startApp())).toMatchObject({ providers: ['basic', 'post'] })
  })

  it('gives nothing to an app that did not leave for it, and nothing to one with another verifier (RFC 7636)', async () => {
    const thief = makePhone()
    await signIn(auth, phone.device, 'basic')
    const [stolen = ''] = phone.links
    expect(await takeLink(thief.startApp(), thief.device, stolen)).toBeNull()
    thief.stored.set('verifier', 'x'.repeat(43))
    await expect(takeLink(thief.startApp(), thief.device, stolen)).rejects.toMatchObject({ code: 'invalid_code' })
    expect(await comeBack(auth)).toMatchObject({ status: 'signed_in' })
  })

  it('says what the provider refused, and leaves other links alone', async () => {
    issuers[0]?.deny(true)
    await signIn(auth, phone.device, 'basic')
    issuers[0]?.deny(false)
    expect(await takeLink(auth, phone.device, 'https://app.example.com/invitation?code=x')).toBeNull()
    await expect(comeBack(auth)).rejects.toMatchObject({ code: 'access_denied' })
    expect(await whoIsHere(auth)).toBe('nobody')
  })

  it.each(['com.example.app:/signed-in', 'com.example.app://signed-in', 'http://127.0.0.1:49152/signed-in'])(
    'comes back to no address that is not on the list, such as %s',
    async (redirectTo) => {
      const wishes = new URLSearchParams({ redirectTo, delivery: 'body', codeChallenge: 'x'.repeat(43) })
      const response = await fetch(`${service.origin}/auth/oauth/basic?${wishes}`, { redirect: 'manual' })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ code: 'redirect_not_allowed' })
    },
  )
})

describe('a passkey of the system', () => {
  it('is added and signs in, from the origin that Android gives to the app', async () => {
    const authenticator = createAuthenticator()
    const lies = { origin: androidOrigin }
    const passkeys: Passkeys = {
      create: async (options) => (await authenticator.create(options, lies)) as PasskeyRegistration,
      get: async (options) => (await authenticator.get(options, lies)) as PasskeyAssertion,
    }
    const email = await signInByPassword()
    expect(await addPasskey(auth, passkeys, 'My phone')).toMatchObject({ passkey: { name: 'My phone' } })
    await auth.logout()
    expect(await signInWithPasskey(auth, passkeys)).toMatchObject({ status: 'signed_in', user: { email } })
    expect(await whoIsHere(phone.startApp())).toMatchObject({ email })
  })
})

describe('what surrounds the app', () => {
  it('names the same app in the files for both systems, in the guide and in its link', async () => {
    const apple = JSON.parse(await readFile(new URL('apple-app-site-association', WELL_KNOWN), 'utf8'))
    const [{ appIDs, components }] = apple.applinks.details
    expect(apple.webcredentials.apps).toEqual(appIDs)
    expect(new URL(SIGNED_IN_LINK).pathname).toBe(components[0]['/'])
    expect(await readFile(GUIDE, 'utf8')).toContain(androidOrigin)
  })

  it('is checked by the compiler against the package of the client', async () => {
    const client = await packClient()
    try {
      const project = await client.installInto('mobile', 'typescript')
      await project.run('typescript/bin/tsc')
    } finally {
      await client.remove()
    }
  })
})
