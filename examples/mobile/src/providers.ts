import { type Client, finishProviderSignIn, linkProvider, signInWithProvider } from 'postern/client'
import { type Device, systemBrowser } from './auth.ts'

/** A link that the system gives to this app alone, on the list `ALLOWED_REDIRECTS` of the service. */
export const SIGNED_IN_LINK = 'https://app.example.com/signed-in'

export const signIn = (auth: Client, device: Device, provider: string) =>
  signInWithProvider(auth, provider, { redirectTo: SIGNED_IN_LINK, browser: systemBrowser(device) })

export const link = (auth: Client, device: Device, provider: string) =>
  linkProvider(auth, provider, { redirectTo: SIGNED_IN_LINK, browser: systemBrowser(device) })

/** Takes every link that opens the app, also the one that starts it. It answers null where the link is another one. */
export async function takeLink(auth: Client, device: Device, url: string) {
  const { origin, pathname } = new URL(url)
  if (origin + pathname !== SIGNED_IN_LINK) return null
  return await finishProviderSignIn(auth, { link: url, browser: systemBrowser(device) })
}
