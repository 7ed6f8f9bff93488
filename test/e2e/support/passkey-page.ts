import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Browser, CDPSession, Page } from 'playwright-core'

const require = createRequire(import.meta.url)
/** The library as one script, beside the module that its package names. */
const SCRIPT = join(dirname(require.resolve('@simplewebauthn/browser')), '../dist/bundle/index.umd.min.js')

export interface Answer {
  status: number
  body: Record<string, unknown>
}

interface Traits {
  hasResidentKey: boolean
  hasUserVerification: boolean
  isUserVerified: boolean
  automaticPresenceSimulation: boolean
  transport: 'internal' | 'usb'
}

interface Credential {
  credentialId: string
  isResidentCredential: boolean
  privateKey: string
  signCount: number
  rpId?: string
  userHandle?: string
}

/** A page of the service in a browser of its own, with the library that a page uses and authenticators of software. */
export async function openPasskeyPage(browser: Browser, origin: string) {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${origin}/account`)
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  // The policy of the page allows no script but its own, which concerns no code that the debugger evaluates.
  await page.evaluate(await readFile(SCRIPT, 'utf8'))
  return { page, context, authenticators: authenticatorsOf(cdp), ...ceremoniesOf(page) }
}

/** Authenticators of software, which a browser takes for real ones. */
export function authenticatorsOf(cdp: CDPSession) {
  return {
    async add(traits: Partial<Traits> = {}): Promise<string> {
      const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: 'internal',
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
          ...traits,
        },
      })
      return authenticatorId
    },
    remove: (authenticatorId: string) => cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }),
    verifyUser: (authenticatorId: string, isUserVerified: boolean) =>
      cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    touch: (authenticatorId: string, enabled: boolean) =>
      cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled }),
    async credentials(authenticatorId: string): Promise<Credential[]> {
      return (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials
    },
    put: (authenticatorId: string, credential: Credential) =>
      cdp.send('WebAuthn.addCredential', { authenticatorId, credential }),
  }
}

/** What the page does, as a script of its own would. */
function ceremoniesOf(page: Page) {
  const call = (path: string, body?: object, method = 'POST'): Promise<Answer> =>
    page.evaluate(
      async ({ path, body, method }) => {
        const json = body === undefined ? {} : { body: JSON.stringify(body) }
        const response = await fetch(path, { method, headers: { 'Content-Type': 'application/json' }, ...json })
        const text = await response.text()
        return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
      },
      { path, body, method },
    )
  /** Lets the browser answer options. It gives what the browser says, or the name of its error. */
  const ask = (kind: 'startRegistration' | 'startAuthentication', input: object): Promise<Record<string, unknown>> =>
    page.evaluate(
      async ({ kind, input }) => {
        const library = (globalThis as unknown as Record<string, Record<string, (input: object) => Promise<object>>>)
          .SimpleWebAuthnBrowser
        try {
          return { response: await library?.[kind]?.(input) }
        } catch (error) {
          return { error: (error as Error).name }
        }
      },
      { kind, input },
    )
  return {
    call,
    /** Registers a passkey. Options that the test changes are those for the browser. */
    async register(changed: object = {}): Promise<Answer & { error?: unknown }> {
      const begun = await call('/auth/passkeys/registration/options')
      if (begun.status !== 200) return begun
      const { ticket, options } = begun.body as { ticket: string; options: object }
      const { response, error } = await ask('startRegistration', { optionsJSON: { ...options, ...changed } })
      if (error !== undefined) return { status: 0, body: {}, error }
      return await call('/auth/passkeys/registration', { ticket, response })
    },
    /** Signs in with a passkey, alone or as the second factor of a login. */
    async signIn({ mfaTicket, ...input }: { mfaTicket?: string; changed?: object; useBrowserAutofill?: boolean } = {}) {
      const { changed, ...library } = input
      const begun = await call('/auth/passkeys/authentication/options', mfaTicket === undefined ? {} : { mfaTicket })
      const { ticket, options } = begun.body as { ticket: string; options: object }
      const asked = { optionsJSON: { ...options, ...changed }, verifyBrowserAutofillInput: false, ...library }
      const { response, error } = await ask('startAuthentication', asked)
      if (error !== undefined) return { status: 0, body: {}, error } as Answer & { error?: unknown }
      return await call('/auth/passkeys/authentication', { ticket, response, delivery: 'cookie' })
    },
  }
}
