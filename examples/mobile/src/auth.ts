import { type Client, createClient, PosternError, type SystemBrowser, type User } from 'postern/client'

/** What the system of the phone offers, each function by a library of your framework. */
export interface Device {
  /** The Keychain of iOS, the Keystore of Android. */
  secureStorage: { read(key: string): Promise<string | null>; write(key: string, value: string): Promise<void> }
  /** The browser of the system, never a web view: it has the person's sessions, and shows whose page asks. */
  openBrowser(url: string): Promise<void>
}

/** Makes the client. It writes its tokens down at each renewal, so that they survive the end of the app. */
export const createAuth = (baseUrl: string, { secureStorage }: Device): Client =>
  createClient({
    baseUrl,
    delivery: 'body',
    storage: {
      get: () => secureStorage.read('session'),
      set: (session) => secureStorage.write('session', session),
    },
  })

/** The browser for `signInWithProvider`. Its verifier is kept, because the system may end the app meanwhile. */
export const systemBrowser = ({ secureStorage, openBrowser }: Device): SystemBrowser => ({
  open: openBrowser,
  storage: {
    get: () => secureStorage.read('verifier'),
    set: (verifier) => secureStorage.write('verifier', verifier),
  },
})

/**
 * Says who is here, when the app starts and each time it comes back to the foreground. Where nobody can be asked, the
 * person is not signed out: show what the app has kept, and ask again.
 */
export async function whoIsHere(auth: Client): Promise<User | 'nobody' | 'unknown'> {
  try {
    const session = await auth.reload()
    return session.status === 'signed_in' ? session.user : 'nobody'
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    return 'unknown'
  }
}
