/** Takes the token out of the address, so that it stays in no history, bookmark, screenshot or shared link. */
export function takeLinkToken(): string | null {
  const address = new URL(location.href)
  const token = address.searchParams.get('token')
  address.searchParams.delete('token')
  history.replaceState(null, '', address)
  return token === '' ? null : token
}
