import { describe, expect, it } from 'vitest'
import { parseRecipient, parseSender } from '../../../src/mail/addresses.ts'
import { MailError } from '../../../src/mail/message.ts'
import { parseSmtpUrl } from '../../../src/mail/transports/smtp-url.ts'

describe('parseSender', () => {
  it.each([
    ['no-reply@example.com', '', 'no-reply@example.com'],
    ['Postern <no-reply@example.com>', 'Postern', 'no-reply@example.com'],
    ['Acme, Inc. <no-reply@example.com>', 'Acme, Inc.', 'no-reply@example.com'],
    ['"Acme \\"A\\"" <no-reply@example.com>', 'Acme "A"', 'no-reply@example.com'],
    ['A < B <no-reply@bücher.example>', 'A < B', 'no-reply@xn--bcher-kva.example'],
    ['Dev <no-reply@localhost>', 'Dev', 'no-reply@localhost'],
  ])('reads %j', (text, name, address) => {
    expect(parseSender(text)).toEqual({ name, address })
  })

  it.each(['', 'Postern', 'Postern <>', 'Postern <a@b', 'a@b c', 'a@b@c', 'a@b/c', 'a@b:25', 'a@[::1]'])(
    'refuses %j',
    (text) => {
      expect(() => parseSender(text)).toThrow(new MailError('invalid sender', false))
    },
  )
})

describe('parseRecipient', () => {
  it('encodes internationalised domains as A-labels', () => {
    expect(parseRecipient('info@bücher.example')).toBe('info@xn--bcher-kva.example')
  })

  it.each([
    'Anna <anna@example.org>',
    'a@b.example,c@d.example',
    'a@b.example\r\nc',
    'ä@example.org',
    '"a b"@example.org',
  ])('refuses %j permanently, without quoting it', (text) => {
    expect(() => parseRecipient(text)).toThrow(new MailError('invalid recipient', true))
  })
})

describe('parseSmtpUrl', () => {
  it.each([
    ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, tls: 'starttls', credentials: null }],
    ['smtps://mail.example.com', { host: 'mail.example.com', port: 465, tls: 'implicit', credentials: null }],
    ['smtp://localhost:1025?tls=off', { host: 'localhost', port: 1025, tls: 'off', credentials: null }],
    ['smtp://[::1]:2525', { host: '::1', port: 2525, tls: 'starttls', credentials: null }],
    [
      'smtps://a%40b.example:p%3A%2F%40ss@mail.example.com:4650',
      {
        host: 'mail.example.com',
        port: 4650,
        tls: 'implicit',
        credentials: { user: 'a@b.example', password: 'p:/@ss' },
      },
    ],
  ])('reads %s', (text, server) => {
    expect(parseSmtpUrl(text)).toEqual(server)
  })

  it.each([
    '',
    'mail.example.com',
    'https://geheim@example.com',
    'smtp://',
    'smtp://u:geheim@h?tls=on',
    'smtps://u:geheim@h?tls=off',
    'smtp://u:geheim%zz@h',
    'smtp://u:12#geheim@h',
    'smtp://u:12/geheim@h',
    'smtp://u:12?geheim@h',
  ])('refuses %j without quoting it', (text) => {
    expect(() => parseSmtpUrl(text)).toThrow(TypeError)
    expect(() => parseSmtpUrl(text)).toThrow(/^(?!.*geheim)/)
  })
})
