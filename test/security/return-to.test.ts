import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { callWorker } from '../support/call-worker.ts'
import { ORIGIN } from '../support/client.ts'

const listed = {
  ...env,
  ISSUER: ORIGIN,
  ALLOWED_REDIRECTS: 'https://app.example.com,https://other.example.com/signed-in',
} as unknown as Env
const open = (returnTo: string) => callWorker(listed, 'GET', `/sign-in?${new URLSearchParams({ return_to: returnTo })}`)

describe('a page with return_to (RFC 9700 §4.11)', () => {
  it.each([
    'https://app.example.com',
    'https://app.example.com/a?b=c',
    'https://other.example.com/signed-in',
    '/account',
    '/console?page=users',
    `${ORIGIN}/account`,
  ])('is served for %s', async (target) => {
    const response = await open(target)
    expect({ status: response.status, type: response.headers.get('Content-Type') }).toEqual({
      status: 200,
      type: 'text/html; charset=utf-8',
    })
  })

  it.each([
    'https://evil.example',
    'https://app.example.com.evil.example/',
    'https://app.example.com@evil.example/',
    'https://other.example.com/signed-in/further',
    'http://app.example.com/',
    'javascript:alert(1)',
    'data:text/html,x',
    '//evil.example/',
    '/\\evil.example/',
    '/%09/evil.example',
    '/../\\evil.example',
    'account',
    '',
  ])('is sent again without %s', async (target) => {
    const response = await open(target)
    expect({ status: response.status, location: response.headers.get('Location') }).toEqual({
      status: 302,
      location: '/sign-in',
    })
  })
})
