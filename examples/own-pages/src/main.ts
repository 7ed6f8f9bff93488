import { isLinkPath, openLink } from './mailed-links.ts'
import { account, forgotPassword, signIn, signUp } from './pages.ts'

const PAGES: Record<string, () => unknown> = {
  '/account': account,
  '/forgot-password': forgotPassword,
  '/sign-up': signUp,
}

function open(): void {
  const { pathname } = location
  if (isLinkPath(pathname)) openLink(pathname)
  else void (PAGES[pathname] ?? signIn)()
}

// The second of two links that are opened in one tab changes the fragment alone.
addEventListener('hashchange', open)
open()
