import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { PasskeyEndpoints, RelatedOrigins } from '../../../src/contracts/passkeys.ts'
import { answerOf } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { ORIGIN } from '../../support/client.ts'

const bindings = {
  ...env,
  APP_URL: 'https://pages.example.com/',
  RP_ID: 'localhost',
  RP_ORIGINS: `${ORIGIN},https://shop.example.net,android:apk-key-hash:${'A'.repeat(43)}`,
} as unknown as Env
const open = (path: string) => callWorker(bindings, 'GET', path)

describe('what browsers and password managers look for', () => {
  it('GET /.well-known/webauthn names the web origins that share the passkeys (WebAuthn Level 3 §5.11)', async () => {
    const response = await open('/.well-known/webauthn')
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=3600')
    expect(await answerOf(response, RelatedOrigins)).toEqual({ origins: [ORIGIN, 'https://shop.example.net'] })
  })

  it('GET /.well-known/passkey-endpoints leads to the page of the account', async () => {
    const account = 'https://pages.example.com/account'
    const response = await open('/.well-known/passkey-endpoints')
    expect(await answerOf(response, PasskeyEndpoints)).toEqual({ enroll: account, manage: account })
  })

  it('GET /.well-known/change-password redirects to it, and a page that does not exist is a 404', async () => {
    const response = await open('/.well-known/change-password')
    expect(response.status).toBe(302)
    expect(response.headers.get('Location')).toBe('https://pages.example.com/account')
    const missing = await open('/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200')
    expect(missing.status).toBe(404)
  })
})
