import { describe, expect, it } from 'vitest'
import { isWebhookTarget } from '../../../src/domain/webhook-target.ts'

const inProduction = (url: string) => isWebhookTarget(url, { isDevelopment: false })
const inDevelopment = (url: string) => isWebhookTarget(url, { isDevelopment: true })

describe('where events may be sent (ASVS 13.2.4)', () => {
  it.each([
    'https://hooks.example.com',
    'https://hooks.example.com:8443/services/T000/B000?x=1',
    'https://münchen.example.com/',
    'https://a.b.c.example.museum/x',
    'https://localhost.example.com/',
  ])('is %s', (url) => expect(inProduction(url)).toBe(true))

  it.each([
    ['plain http', 'http://hooks.example.com/'],
    ['another scheme', 'ftp://hooks.example.com/'],
    ['no URL', 'hooks.example.com'],
    ['a user name', 'https://user@hooks.example.com/'],
    ['a password', 'https://:secret@hooks.example.com/'],
    ['a fragment', 'https://hooks.example.com/#a'],
    ['this machine', 'https://localhost/'],
    ['a name below this machine', 'https://a.localhost/'],
    ['a single label', 'https://intranet/'],
    ['a name of a private network', 'https://metadata.google.internal/'],
    ['a name of a home network', 'https://router.home.arpa/'],
    ['a name of mDNS', 'https://printer.local/'],
    ['a name with a trailing dot', 'https://localhost./'],
    ['a public name with a trailing dot', 'https://hooks.example.com./'],
    ['loopback', 'https://127.0.0.1/'],
    ['loopback in another notation', 'https://0x7f.1/'],
    ['loopback as a number', `https://${0x7f_00_00_01}/`],
    ['loopback in octal', 'https://0177.0.0.1/'],
    ['loopback in full-width digits', 'https://１２７.0.0.1/'],
    ['a private network', 'https://10.0.0.1/'],
    ['the metadata of a cloud', 'https://169.254.169.254/latest/meta-data/'],
    ['a public address', 'https://1.1.1.1/'],
    ['loopback of IPv6', 'https://[::1]/'],
    ['a mapped address', 'https://[::ffff:10.0.0.1]/'],
    ['a unique local address', 'https://[fd00::1]/'],
  ])('is not %s', (_, url) => {
    expect(inProduction(url)).toBe(false)
    expect(inProduction(url.toUpperCase())).toBe(false)
  })

  it('is also this machine by http in development, and no other one', () => {
    expect(inDevelopment('http://localhost:9000/hook')).toBe(true)
    expect(inDevelopment('http://127.0.0.1:9000/hook')).toBe(true)
    expect(inDevelopment('http://192.168.1.2/hook')).toBe(false)
    expect(inDevelopment('http://hooks.example.com/')).toBe(false)
  })
})
