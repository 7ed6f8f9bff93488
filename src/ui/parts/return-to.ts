/** Where somebody who signs in here goes then, unless the application that sent them says something else. */
const ACCOUNT = '/account'

/**
 * Where the person goes after the sign-in. The Worker serves the page with a `return_to` only where that is on the
 * list of redirects (`src/http/pages.ts`); a scheme other than that of the web is refused here as well.
 */
export function returnTarget(): string {
  const given = new URLSearchParams(location.search).get('return_to')
  const url = given === null ? null : URL.parse(given, location.href)
  return url !== null && /^https?:$/.test(url.protocol) ? url.href : ACCOUNT
}

/** Goes to the sign-in, which leads back to this place. */
export function goToSignIn(): void {
  location.replace(`/sign-in?${new URLSearchParams({ return_to: location.pathname + location.search })}`)
}

/** Gives the address of another page here that knows, too, where the person goes then. */
export function withReturnTo(path: string): string {
  const given = new URLSearchParams(location.search).get('return_to')
  return given === null ? path : `${path}?${new URLSearchParams({ return_to: given })}`
}
