import { describe, expect, it } from 'vitest'
import { ConfigurationError, parseSettings } from '../../../src/env.ts'

const PRODUCTION = {
  AUTH_SECRET: 'v1:HQWzyL0VccnbhT4KDbHYGI9WdTq-SoCGQjly6z61HWw',
  ISSUER: 'https://id.example.com',
  MAIL_TRANSPORT: 'smtp',
  MAIL_FROM: 'Postern <no-reply@example.com>',
  SMTP_URL: 'smtp://postern:geheim@mail.example.com:587',
}

/** Answers which variables are the reason why a configuration is refused. */
function refusedFor(variables: Record<string, string>): { variable: string; rule: string }[] {
  try {
    parseSettings({ ...PRODUCTION, ...variables })
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return [...error.problems]
    throw error
  }
}

describe('mail settings', () => {
  it('reads where the mail server is', () => {
    expect(parseSettings(PRODUCTION).mail).toMatchObject({
      from: 'Postern <no-reply@example.com>',
      smtp: {
        host: 'mail.example.com',
        port: 587,
        tls: 'starttls',
        credentials: { user: 'postern', password: 'geheim' },
      },
    })
  })

  it.each([
    ['a scheme that is not SMTP', 'https://postern:geheim@mail.example.com'],
    ['an unknown value of tls', 'smtp://postern:geheim@mail.example.com?tls=maybe'],
    ['smtps without TLS', 'smtps://postern:geheim@mail.example.com?tls=off'],
    ['no TLS in production', 'smtp://postern:geheim@mail.example.com?tls=off'],
    ['a port that is closed to Workers', 'smtp://postern:geheim@mail.example.com:25'],
    ['a password that is not %-encoded', 'smtp://postern:1#geheim@mail.example.com'],
    ['a broken %-encoding', 'smtp://postern:100%geheim@mail.example.com'],
  ])('refuses in SMTP_URL %s, and does not quote it', (_what, url) => {
    const problems = refusedFor({ SMTP_URL: url })
    expect(problems.map(({ variable }) => variable)).toEqual(['SMTP_URL'])
    expect(problems[0]?.rule).not.toMatch(/geheim|mail\.example/)
  })

  it('allows a password that holds the words tls=off', () => {
    expect(refusedFor({ SMTP_URL: 'smtp://postern:tls=off@mail.example.com' })).toEqual([])
  })

  it.each(['Postern', 'Postern <>', 'a@example.com, b@example.com', 'Postern\r\nBcc: eve@example.net <a@example.com>'])(
    'refuses %j as MAIL_FROM (CWE-93)',
    (from) => {
      expect(refusedFor({ MAIL_FROM: from }).map(({ variable }) => variable)).toEqual(['MAIL_FROM'])
    },
  )

  it.each([
    [{ SMTP_URL: '' }, 'SMTP_URL'],
    [{ MAIL_TRANSPORT: 'resend' }, 'RESEND_API_KEY'],
    [{ MAIL_TRANSPORT: 'mailbox' }, 'MAIL_TRANSPORT'],
    [{ MAIL_TRANSPORT: 'pigeon' }, 'MAIL_TRANSPORT'],
    [{ MAIL_FROM: '' }, 'MAIL_FROM'],
  ])('refuses %j in production', (variables, variable) => {
    expect(refusedFor(variables).map((problem) => problem.variable)).toEqual([variable])
  })

  it('knows the first administrator by the canonical form of the address', () => {
    const { bootstrapAdminEmail } = parseSettings({ ...PRODUCTION, BOOTSTRAP_ADMIN_EMAIL: 'Ada@BÜCHER.example' })
    expect(bootstrapAdminEmail).toBe('ada@xn--bcher-kva.example')
    expect(refusedFor({ BOOTSTRAP_ADMIN_EMAIL: 'ada＠example.com' })).toHaveLength(1)
  })
})
