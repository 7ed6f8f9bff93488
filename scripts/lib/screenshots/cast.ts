import { type TOTP, URI } from 'otpauth'
import type { Browser, BrowserContext } from 'playwright-core'
import { waitForMail } from '../../../test/e2e/support/mailbox.ts'
import { ADMIN, CAREFUL, fixedId, NEWCOMER, OWNER, PASSWORD } from './people.ts'

export const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36'

type Cookies = Awaited<ReturnType<BrowserContext['storageState']>>

/** Those who sign in for the pictures. */
export interface Cast {
  cookies: Readonly<Record<'admin' | 'owner' | 'careful', Cookies>>
  /** The ids that the service gave to them, with those that the pictures show instead. */
  shownIds: ReadonlyMap<string, string>
}

/** Makes the accounts as their owners would, over the API, and signs them in. */
export async function makeCast(browser: Browser, origin: string): Promise<Cast> {
  const context = await browser.newContext({ userAgent: USER_AGENT })
  const post = async <Answer>(path: string, data: object, language = 'en'): Promise<Answer> => {
    const headers = { Origin: origin, 'Accept-Language': language }
    const response = await context.request.post(origin + path, { headers, data })
    if (!response.ok()) throw new Error(`${path}: ${response.status()} ${await response.text()}`)
    return (await response.json()) as Answer
  }
  const signIn = async ({ email, name }: { email: string; name: string }) => {
    await context.clearCookies()
    await post('/auth/register', { email, name, password: PASSWORD })
    const { code } = await waitForMail(origin, email, '/verify-email')
    await post('/auth/verify-email', { email, code })
    const { user } = await post<{ user: { id: string } }>('/auth/login', {
      identifier: email,
      password: PASSWORD,
      delivery: 'cookie',
    })
    return user.id
  }

  await post('/auth/register', { ...NEWCOMER, password: PASSWORD }, 'de')
  const ids = new Map<string, string>()
  const cookies: Partial<Record<keyof Cast['cookies'], Cookies>> = {}
  for (const [nth, [part, person]] of Object.entries({ admin: ADMIN, owner: OWNER, careful: CAREFUL }).entries()) {
    ids.set(await signIn(person), fixedId(900 + nth))
    if (person === CAREFUL) {
      const { otpauthUri } = await post<{ otpauthUri: string }>('/auth/mfa/totp', {})
      const app = URI.parse(otpauthUri) as TOTP
      await post('/auth/mfa/totp/activate', { code: app.generate() })
    }
    cookies[part as keyof Cast['cookies']] = await context.storageState()
  }
  await context.close()
  return { cookies: cookies as Cast['cookies'], shownIds: ids }
}
