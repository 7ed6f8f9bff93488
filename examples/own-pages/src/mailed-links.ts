import { ask, NEW_PASSWORD } from './ask.ts'
import { auth } from './auth.ts'

/** The pages below `APP_URL` that links in mails lead to, each with the route that takes its token. */
const LINKS = {
  '/verify-email': {
    title: 'Confirm your address',
    button: 'Confirm',
    route: 'POST /auth/verify-email',
    done: 'Your address is confirmed. You can sign in now.',
  },
  '/reset-password': {
    title: 'Set a new password',
    button: 'Save',
    route: 'POST /auth/reset-password',
    done: 'Your new password is set. Sign in with it.',
  },
  '/confirm-email-change': {
    title: 'Confirm your new address',
    button: 'Confirm',
    route: 'POST /auth/confirm-email-change',
    done: 'Your account has the new address.',
  },
  '/not-me': {
    title: 'Was that not you?',
    button: 'Secure my account',
    route: 'POST /auth/not-me',
    done: 'Everybody is signed out, and the change is undone. We have mailed you a link to set a new password.',
  },
  '/keep-factors': {
    title: 'Keep your second factors',
    button: 'Keep them',
    route: 'POST /auth/keep-factors',
    done: 'Your second factors stay.',
  },
} as const

export type LinkPath = keyof typeof LINKS

export const isLinkPath = (path: string): path is LinkPath => Object.hasOwn(LINKS, path)

/** Takes the token out of the address, so that it stays in no history, screenshot or shared link. */
function takeToken(): string {
  const [, token = ''] = /[#&]token=([\w.-]*\w)/.exec(location.hash) ?? []
  history.replaceState(null, '', location.pathname)
  return token
}

/** Shows such a page. Nothing happens before a person presses the button, because scanners open links too. */
export function openLink(path: LinkPath): void {
  const { title, button, route, done } = LINKS[path]
  const token = takeToken()
  ask({
    title,
    button,
    fields: path === '/reset-password' ? [NEW_PASSWORD] : [],
    async send(values) {
      await auth.request(route, { body: { token, ...values } })
      return done
    },
  })
}
