import { createServer } from 'node:http'

/**
 * This is a single-page app on an origin of its own, as a user of Postern would write it. `#cookies` and `#tokens` sign
 * in by either way, `#link` links the second provider in the same way, and `#who` says who came back.
 */
const page = (service: string) => `<!doctype html><meta charset="utf-8"><title>Sample app</title>
<button id="cookies">Sign in with cookies</button> <button id="tokens">Sign in with tokens</button>
<button id="link">Link</button> <p id="who"></p>
<script type="module">
const service = ${JSON.stringify(service)}
const here = location.origin + '/'
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=/g, '')
const say = (text) => { document.getElementById('who').textContent = text }
const describe = (user) => user.email + ' by ' + user.providers.join(' and ')
const start = (wishes) => { location.href = service + '/auth/oauth/basic?' + new URLSearchParams({ redirectTo: here, ...wishes }) }

document.getElementById('cookies').onclick = () => start({ delivery: 'cookie' })
document.getElementById('tokens').onclick = async () => {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)))
  sessionStorage.setItem('verifier', verifier)
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  start({ delivery: 'body', codeChallenge: base64url(new Uint8Array(hash)) })
}

document.getElementById('link').onclick = async () => {
  const token = sessionStorage.getItem('token')
  const identification = token ? { headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ' + token } } : { headers: { 'Content-Type': 'application/json' }, credentials: 'include' }
  const body = JSON.stringify({ redirectTo: here })
  location.href = (await (await fetch(service + '/auth/oauth/post/link', { method: 'POST', body, ...identification })).json()).url
}

const query = new URLSearchParams(location.search)
history.replaceState(null, '', here)
if (query.has('error')) say('error ' + query.get('error'))
else if (query.has('code')) {
  const token = sessionStorage.getItem('token')
  const verifier = sessionStorage.getItem('verifier')
  sessionStorage.removeItem('verifier')
  const body = JSON.stringify({ code: query.get('code'), ...(verifier ? { codeVerifier: verifier } : {}) })
  const headers = { 'Content-Type': 'application/json', ...(token ? { Authorization: 'Bearer ' + token } : {}) }
  const answer = await (await fetch(service + '/auth/oauth/exchange', { method: 'POST', headers, body })).json()
  if (answer.tokens) sessionStorage.setItem('token', answer.tokens.accessToken)
  const me = await fetch(service + '/auth/me', { headers: { Authorization: 'Bearer ' + sessionStorage.getItem('token') } })
  say('tokens ' + describe(await me.json()))
} else {
  const me = await fetch(service + '/auth/me', { credentials: 'include' })
  say(me.ok ? 'cookies ' + describe(await me.json()) : 'nobody')
}
</script>`

/** At `/empty` is a page that does nothing by itself. */
const EMPTY = '<!doctype html><input autocomplete="username webauthn">'

export interface SampleApp {
  origin: string
  /** Sets the service at which the app signs in. Its address is known only once it runs. */
  use(service: string): void
  close(): Promise<void>
}

export async function startSampleApp(): Promise<SampleApp> {
  let service = ''
  const server = createServer(({ url = '' }, response) => {
    const html = url.startsWith('/empty') ? EMPTY : page(service)
    response.writeHead(200, { 'content-type': 'text/html' }).end(html)
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const address = server.address()
  return {
    origin: `http://localhost:${typeof address === 'object' ? address?.port : 0}`,
    use: (origin) => {
      service = origin
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
