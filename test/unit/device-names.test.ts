import { describe, expect, it } from 'vitest'
import { describeDevice, loginFacts } from '../../src/services/login/facts.ts'

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)'
const WINDOWS = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/130.0.0.0 Safari/537.36`
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'

describe('device names', () => {
  it.each([
    ['Chrome on Windows', WINDOWS],
    ['Microsoft Edge on Windows', `${WINDOWS} Edg/130.0.0.0`],
    ['Opera on Windows', `${WINDOWS} OPR/114.0.0.0`],
    ['Firefox on Windows', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0'],
    ['Firefox on Linux', 'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0'],
    ['Safari on macOS', `${MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15`],
    ['Vivaldi on macOS', `${MAC} ${WEBKIT} Chrome/130.0.0.0 Safari/537.36 Vivaldi/7.0`],
    ['Electron on macOS', `${MAC} ${WEBKIT} Acme/4.4 Chrome/128.0.0.0 Electron/32.1 Safari/537.36`],
    ['Chrome on Chrome OS', `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/130.0.0.0 Safari/537.36`],
    ['Safari on iPhone', `${IPHONE} Version/18.0 Mobile/15E148 Safari/604.1`],
    ['Chrome on iPhone', `${IPHONE} CriOS/130.0.6723.37 Mobile/15E148 Safari/604.1`],
    [
      'Safari on iPad',
      'Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1',
    ],
    ['Chrome on Android', `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} Chrome/130.0.0.0 Mobile Safari/537.36`],
    ['Firefox on Android', 'Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0'],
    [
      'Samsung Internet on Android',
      `Mozilla/5.0 (Linux; Android 13; SM-S918B) ${WEBKIT} SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36`,
    ],
    ['App on Android', 'Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP2A)'],
    ['Acme on iPhone', 'Acme/2.3.1 (iPhone; iOS 18.0; Scale/3.00)'],
    ['Acme Mobile', 'Acme%20Mobile/41 CFNetwork/1568.100.1 Darwin/24.0.0'],
    ['curl', 'curl/8.9.1'],
    ['python-requests', 'python-requests/2.32.3'],
    ['PostmanRuntime', 'PostmanRuntime/7.42.0'],
    ['okhttp', 'okhttp/4.12.0'],
    ['Go-http-client', 'Go-http-client/2.0'],
    ['node', 'node'],
    ['Googlebot', 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'],
    ['Unknown device', 'Mozilla/5.0'],
    ['Unknown device', ''],
    ['Unknown device', null],
    ['Unknown device', '//'],
  ])('are what a person would say: %s', (name, userAgent) => {
    expect(describeDevice(userAgent)).toBe(name)
  })

  it.each([
    'Your account is locked: https://evil.example/ 1.0 (iPhone)',
    'evil.example/1 ',
    'evil.example/1 (Windows NT 10.0) Safari',
    'evil%2Eexample%2Flogin/1 CFNetwork/1 Darwin/1',
    '<img src=x onerror=alert(1)>/1 x',
    '\u202Eelpmaxe.live/1',
    'a%0D%0ABcc:b@evil.example/1',
    '%E0%A4%A/1',
    `${'A'.repeat(400)}/1 `,
  ])('keep nothing that a mail client would turn into a link or markup: %s', (userAgent) => {
    const name = describeDevice(userAgent)
    expect(name).toMatch(/^[\p{L}\p{N} -]+$/u)
    expect(name.length).toBeLessThanOrEqual(60)
  })
})

describe('the facts of a notice', () => {
  const client = { requestId: null, ip: '203.0.113.7', userAgent: 'curl/8.9.1', locale: 'en' } as const

  it('name device, place and time, and no address', () => {
    const facts = loginFacts({ ...client, country: 'CH', city: 'Zürich' }, Date.UTC(2001, 0, 31, 12))
    expect(facts).toEqual({ time: '2001-01-31T12:00:00.000Z', device: 'curl', location: 'Zürich, CH' })
  })

  it.each([
    [null, null, undefined],
    ['CH', null, 'CH'],
  ])('name as much of the place as is known: %s, %s', (country, city, location) => {
    expect(loginFacts({ ...client, country, city }, 0).location).toBe(location)
  })
})
