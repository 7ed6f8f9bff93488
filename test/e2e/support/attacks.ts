import type { Page } from 'playwright-core'

/**
 * An attack aims at the API. It uses a page server that redirects anywhere, and the attacker's own credentials as the
 * body of a login.
 */
export interface Target {
  api: string
  self: string
  login: string
}

interface Init {
  method?: string
  mode?: 'no-cors'
  headers?: Record<string, string>
  body?: string
  keepalive?: boolean
}

type Attack = { path: string; viaRedirect?: boolean } & (
  | { by: 'form'; enctype: string; fields?: Record<string, string>; smugglesLogin?: boolean; isTopLevel?: boolean }
  | { by: 'fetch'; init?: Init; sendsLogin?: boolean }
  | { by: 'embed'; tag: 'img' | 'script' | 'link' | 'iframe' | 'object' }
  | { by: 'beacon' }
)

const URLENCODED = 'application/x-www-form-urlencoded'
const TEXT = { 'Content-Type': 'text/plain' }
const JSON_TYPE = { 'Content-Type': 'application/json' }
const BEARER = { Authorization: 'Bearer made.up.token' }

/** A page can try these attacks against the API of a visitor who is signed in there. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  'form urlencoded, log out': { by: 'form', path: '/auth/logout', enctype: URLENCODED },
  'form urlencoded, refresh': { by: 'form', path: '/auth/refresh', enctype: URLENCODED, fields: { refreshToken: 'x' } },
  'form multipart, log out': { by: 'form', path: '/auth/logout', enctype: 'multipart/form-data', fields: { a: 'b' } },
  'form text/plain, log out': { by: 'form', path: '/auth/logout', enctype: 'text/plain' },
  'form text/plain, change the password': {
    by: 'form',
    path: '/auth/change-password',
    enctype: 'text/plain',
    fields: { '{"currentPassword":"x","newPassword":"': '"}' },
  },
  'form text/plain, log in as the attacker': {
    by: 'form',
    path: '/auth/login',
    enctype: 'text/plain',
    smugglesLogin: true,
  },
  'form in the whole window, log out': {
    by: 'form',
    path: '/auth/logout',
    enctype: URLENCODED,
    isTopLevel: true,
  },
  'form in the whole window, log in as the attacker': {
    by: 'form',
    path: '/auth/login',
    enctype: 'text/plain',
    smugglesLogin: true,
    isTopLevel: true,
  },
  'form through a 307, log out': { by: 'form', path: '/auth/logout', enctype: URLENCODED, viaRedirect: true },
  'form through a 307, refresh': { by: 'form', path: '/auth/refresh', enctype: 'text/plain', viaRedirect: true },
  'fetch text/plain, log out': {
    by: 'fetch',
    path: '/auth/logout',
    init: { method: 'POST', headers: TEXT, body: '{}' },
  },
  'fetch text/plain, log in as the attacker': {
    by: 'fetch',
    path: '/auth/login',
    init: { method: 'POST', headers: TEXT },
    sendsLogin: true,
  },
  'fetch without a body, log out': { by: 'fetch', path: '/auth/logout', init: { method: 'POST' } },
  'fetch without a body, refresh': { by: 'fetch', path: '/auth/refresh', init: { method: 'POST' } },
  'fetch no-cors, log out': { by: 'fetch', path: '/auth/logout', init: { method: 'POST', mode: 'no-cors' } },
  'fetch no-cors, refresh': { by: 'fetch', path: '/auth/refresh', init: { method: 'POST', mode: 'no-cors' } },
  'fetch no-cors text/plain, log in as the attacker': {
    by: 'fetch',
    path: '/auth/login',
    init: { method: 'POST', mode: 'no-cors', headers: TEXT },
    sendsLogin: true,
  },
  'fetch no-cors, read the account': { by: 'fetch', path: '/auth/me', init: { mode: 'no-cors' } },
  'fetch JSON, log in as the attacker': {
    by: 'fetch',
    path: '/auth/login',
    init: { method: 'POST', headers: JSON_TYPE },
    sendsLogin: true,
  },
  'fetch with a made-up bearer token, log in as the attacker': {
    by: 'fetch',
    path: '/auth/login',
    init: { method: 'POST', headers: { ...JSON_TYPE, ...BEARER } },
    sendsLogin: true,
  },
  'fetch with a made-up bearer token, log out': {
    by: 'fetch',
    path: '/auth/logout',
    init: { method: 'POST', headers: BEARER },
  },
  'fetch no-cors with a made-up bearer token, log out': {
    by: 'fetch',
    path: '/auth/logout',
    init: { method: 'POST', mode: 'no-cors', headers: BEARER },
  },
  'fetch JSON, rename': {
    by: 'fetch',
    path: '/auth/me',
    init: { method: 'PATCH', headers: JSON_TYPE, body: '{"name":"Eve"}' },
  },
  'fetch DELETE, end other sessions': { by: 'fetch', path: '/auth/sessions', init: { method: 'DELETE' } },
  'fetch keepalive DELETE, delete the account': {
    by: 'fetch',
    path: '/auth/me',
    init: { method: 'DELETE', keepalive: true },
  },
  'fetch, read the account': { by: 'fetch', path: '/auth/me' },
  'fetch, read the sessions': { by: 'fetch', path: '/auth/sessions' },
  'fetch through a 307, log out': { by: 'fetch', path: '/auth/logout', init: { method: 'POST' }, viaRedirect: true },
  'fetch through a 307, read the account': { by: 'fetch', path: '/auth/me', viaRedirect: true },
  'a beacon, log out': { by: 'beacon', path: '/auth/logout' },
  'an image of the account': { by: 'embed', tag: 'img', path: '/auth/me' },
  'an image that logs out': { by: 'embed', tag: 'img', path: '/auth/logout' },
  'a script of the account': { by: 'embed', tag: 'script', path: '/auth/me' },
  'a style sheet of the account': { by: 'embed', tag: 'link', path: '/auth/me' },
  'a frame of the account': { by: 'embed', tag: 'iframe', path: '/auth/me' },
  'a frame of a page': { by: 'embed', tag: 'iframe', path: '/docs' },
  'an object of the account': { by: 'embed', tag: 'object', path: '/auth/me' },
}

/** Tries an attack from a page, and answers what the page could read, or null. */
export async function runAttack(page: Page, attack: Attack, { api, self, login }: Target): Promise<string | null> {
  const direct = api + attack.path
  const url = attack.viaRedirect ? `${self}/redirect?to=${encodeURIComponent(direct)}` : direct
  switch (attack.by) {
    case 'form': {
      // A form of type text/plain sends `name=value`. Split at that place, the body is JSON with one more member.
      const smuggled = { [`${login.slice(0, -1)},"x":"`]: '"}' }
      const fields = attack.smugglesLogin ? smuggled : (attack.fields ?? {})
      const form = { url, enctype: attack.enctype, fields, isTopLevel: attack.isTopLevel ?? false }
      const arrived = attack.isTopLevel ? page.waitForURL(direct) : null
      const read = await page.evaluate(submitForm, form)
      await arrived
      return read
    }
    case 'fetch':
      return await page.evaluate(fetchText, {
        url,
        init: { ...attack.init, ...(attack.sendsLogin ? { body: login } : {}) },
      })
    case 'embed':
      return await page.evaluate(embed, { url, tag: attack.tag })
    case 'beacon':
      return await page.evaluate((to) => {
        navigator.sendBeacon(to, new Blob(['{}'], { type: 'text/plain' }))
        return null
      }, url)
  }
}

/**
 * Submits a form into a frame, where a visitor notices nothing, or in the window itself. This function runs in the
 * page.
 */
async function submitForm({
  url,
  enctype,
  fields,
  isTopLevel,
}: {
  url: string
  enctype: string
  fields: Record<string, string>
  isTopLevel: boolean
}): Promise<string | null> {
  const frame = Object.assign(document.createElement('iframe'), { name: `sink${Math.random()}` })
  const form = Object.assign(document.createElement('form'), {
    method: 'POST',
    enctype,
    action: url,
    target: isTopLevel ? '_self' : frame.name,
  })
  for (const [name, value] of Object.entries(fields))
    form.append(Object.assign(document.createElement('input'), { name, value }))
  document.body.append(frame, form)
  if (isTopLevel) {
    form.submit()
    return null
  }
  await new Promise((resolve) => {
    frame.onload = resolve
    form.submit()
  })
  return frame.contentDocument?.body.textContent || null
}

/** Fetches an address and answers its text. This function runs in the page. */
async function fetchText({ url, init }: { url: string; init: Init }): Promise<string | null> {
  try {
    return (await (await fetch(url, { credentials: 'include', ...init })).text()) || null
  } catch {
    return null
  }
}

/** Embeds an address as an element and answers whatever of it shows. This function runs in the page. */
async function embed({ url, tag }: { url: string; tag: string }): Promise<string | null> {
  const rulesOf = (sheet: CSSStyleSheet | null): string | null => {
    try {
      return sheet?.cssRules[0]?.cssText ?? null
    } catch {
      return null
    }
  }
  const known = Object.keys(window).length
  const element = document.createElement(tag)
  if (element instanceof HTMLLinkElement) Object.assign(element, { rel: 'stylesheet', href: url })
  else Object.assign(element, { [element instanceof HTMLObjectElement ? 'data' : 'src']: url })
  await new Promise((resolve) => {
    element.onload = resolve
    element.onerror = resolve
    document.body.append(element)
  })
  if (element instanceof HTMLImageElement && element.naturalWidth > 0) return 'an image'
  if (element instanceof HTMLLinkElement) return rulesOf(element.sheet)
  if (element instanceof HTMLScriptElement && Object.keys(window).length > known) return 'a global'
  const inner = element instanceof HTMLIFrameElement || element instanceof HTMLObjectElement ? element : null
  return inner?.contentDocument?.body.textContent || null
}
