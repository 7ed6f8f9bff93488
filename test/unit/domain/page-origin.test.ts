import { describe, expect, it } from 'vitest'
import { isPageOrigin, isWebOrigin } from '../../../src/domain/page-origin.ts'

describe('an origin whose pages can be allowed to call', () => {
  it.each([
    'https://app.example.com',
    'https://app.example.com:8443',
    'http://localhost:5173',
    'http://[::1]:5173',
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'https://tauri.localhost',
    'http://localhost',
    'https://localhost',
    'app://example',
    'com.example.app://localhost:8080',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
  ])('is %s', (origin) => {
    expect(isPageOrigin(origin)).toBe(true)
  })

  it.each([
    '',
    'null',
    '*',
    '*://localhost',
    'capacitor://*',
    'https://*.example.com',
    'capacitor://',
    'capacitor:localhost',
    'capacitor:///localhost',
    'capacitor://localhost/',
    'capacitor://localhost/path',
    'capacitor://localhost?x',
    'capacitor://localhost#x',
    'capacitor://user@localhost',
    'capacitor://localhost:',
    'capacitor://localhost:0',
    'capacitor://localhost:08',
    'Capacitor://localhost',
    'capacitor://LOCALHOST',
    'capacitor://localhost.',
    ' capacitor://localhost',
    'capacitor://localhost\n',
    'capacitor://local host',
    '1app://localhost',
    'https://app.example.com/',
    'https://app.example.com:443',
    'https://APP.example.com',
    'https://exämple.com',
    'file://',
    'file://localhost',
    'data://text',
    'blob://localhost',
    'about://blank',
    'javascript://localhost',
    'ws://app.example.com',
    'wss://app.example.com',
    'ftp://app.example.com',
  ])('is not %j', (text) => {
    expect(isPageOrigin(text)).toBe(false)
  })

  it('of the web is http or https alone', () => {
    expect(isWebOrigin('https://auth.example.com')).toBe(true)
    for (const other of ['capacitor://localhost', 'ftp://auth.example.com', 'null'])
      expect(isWebOrigin(other)).toBe(false)
  })
})
