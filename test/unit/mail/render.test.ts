import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LOCALES } from '../../../src/config.ts'
import { chooseTextColor, contrastRatio } from '../../../src/domain/contrast.ts'
import { type Brand, MAIL_KINDS, type MailContent, type MailKind } from '../../../src/mail/message.ts'
import { renderMail } from '../../../src/mail/render.ts'

const BRAND: Brand = { productName: 'Postern', color: '#0f766e', logoUrl: null }
const LINK = 'https://id.example.com/verify-email#token=a.b-c_d'
const DETAILS = {
  minutes: '60',
  email: 'a***@example.org',
  device: 'Firefox on Windows',
  location: 'Berlin, DE',
  time: '2001-11-20T07:05:00.000Z',
  factor: 'totp',
}

function compose(kind: MailKind, overrides: Partial<MailContent> = {}): MailContent {
  return { kind, locale: 'en', link: LINK, code: '01234567', details: DETAILS, ...overrides }
}

/** These mails lead nowhere, because they tell of what nobody can look at any more or bring only a code. */
const WITHOUT_LINK: readonly MailKind[] = [
  'address_reserved',
  'address_reverted',
  'one_time_code',
  'account_deactivated',
  'account_deleted',
]

const everyMail = LOCALES.flatMap((locale) => MAIL_KINDS.map((kind) => [locale, kind] as const))

describe('renderMail: every mail in every language', () => {
  it.each(everyMail)('%s %s: text and HTML say the same, and both have the link and the code', (locale, kind) => {
    const { subject, text, html } = renderMail(compose(kind, { locale }), BRAND)
    expect(subject).toContain('Postern')
    expect(subject.length).toBeLessThanOrEqual(78)
    const hasLink = !WITHOUT_LINK.includes(kind)
    expect(text.includes(`\n${LINK}\n`)).toBe(hasLink)
    expect(text).toMatch(/\n01234567\n/)
    expect(html.split(`href="${LINK}"`)).toHaveLength(hasLink ? 3 : 1)
    expect(html.includes(`>${LINK}</a>`)).toBe(hasLink)
    const spoken = html
      .slice(html.indexOf('<body'))
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .replaceAll('&#8209;', '-')
    for (const block of text.split('\n').filter((line) => line.length > 60 && !line.startsWith('http'))) {
      expect(spoken.replaceAll('&#39;', "'")).toContain(block)
    }
    expect(`${subject}${text}${html}`).not.toMatch(/undefined|NaN|\[object|null/)
  })

  it.each(everyMail)('%s %s: is accessible and loads nothing', (locale, kind) => {
    const { html } = renderMail(compose(kind, { locale }), BRAND)
    expect(html).toMatch(new RegExp(`^<!doctype html>\\n<html lang="${locale}"`))
    expect(html.match(/<h1[ >]/g)).toHaveLength(1)
    expect(html).toContain('<meta name="color-scheme" content="light dark">')
    expect(html).toContain('@media (prefers-color-scheme:dark)')
    const tables = html.match(/<table[^>]*>/g) ?? []
    expect(tables.filter((table) => !table.includes('role="presentation"'))).toHaveLength(html.includes('<th ') ? 1 : 0)
    expect(html).not.toMatch(/<(script|img|link|iframe|object)|url\(|@import/i)
  })

  it.each(everyMail)('%s %s: a notice without link and code mentions neither', (locale, kind) => {
    const { text, html } = renderMail(compose(kind, { locale, link: null, code: null }), BRAND)
    expect(text).not.toMatch(/https?:|\d{8}/)
    expect(html).not.toContain('<a ')
  })
})

describe('renderMail: what a mail tells', () => {
  it('shows the code in two groups that are copied as bare digits', () => {
    const { html } = renderMail(compose('one_time_code', { link: null }), BRAND)
    expect(html).toMatch(/>0123<span style="padding-left:12px">4567<\/span></)
  })

  it.each([
    ['en', '60', '1 hour'],
    ['en', '1440', '24 hours'],
    ['en', '10', '10 minutes'],
    ['en', '1', '1 minute'],
    ['de', '60', '1 Stunde'],
    ['de', '15', '15 Minuten'],
  ] as const)('%s: says that a link of %s minutes lives %s', (locale, minutes, words) => {
    expect(renderMail(compose('reset_password', { locale, details: { minutes } }), BRAND).text).toContain(words)
  })

  it('writes out time, device and location, and leaves out what is not known', () => {
    const { text } = renderMail(compose('new_device', { locale: 'de' }), BRAND)
    expect(text).toContain('Zeit: 20. November 2001 um 07:05 UTC\nGerät: Firefox auf Windows\nOrt: Berlin, DE')
    const unknown = renderMail(compose('new_device', { details: { device: '' } }), BRAND)
    expect(`${unknown.text}${unknown.html}`).not.toMatch(/Time:|Device|Location/)
  })

  it.each([
    ['Firefox on Linux', 'Firefox auf Linux'],
    ['Unknown program on iPhone', 'Unbekanntes Programm auf iPhone'],
    ['Unknown device', 'Unbekanntes Gerät'],
    ['curl', 'curl'],
  ])('names the device %j in German', (device, words) => {
    const render = (locale: 'en' | 'de') =>
      renderMail(compose('new_device', { locale, details: { device } }), BRAND).text
    expect(render('de')).toContain(`Gerät: ${words}\n`)
    expect(render('en')).toContain(`Device: ${device}\n`)
  })

  it('says how long a link lives only where there is one', () => {
    const { minutes, ...others } = DETAILS
    expect(renderMail(compose('already_registered'), BRAND).text).toContain(
      'The link and the code work once, for 1 hour.',
    )
    const notice = compose('already_registered', { link: null, code: null, details: others })
    expect(renderMail(notice, BRAND).text).not.toMatch(/work once|NaN/)
    expect(minutes).toBe('60')
  })

  it('names known factors in the language and quotes others', () => {
    const factor = (name: string) =>
      renderMail(compose('factor_added', { locale: 'de', details: { factor: name } }), BRAND).text
    expect(factor('totp')).toContain('Authenticator-App')
    expect(factor('Google')).toContain('Google')
    expect(factor('constructor')).toContain(': constructor.')
  })

  it('quotes the masked new address to the old one', () => {
    expect(renderMail(compose('email_changed'), BRAND).text).toContain('now uses a***@example.org.')
  })

  it('shows the logo as decoration beside the name', () => {
    const { html } = renderMail(compose('new_device'), { ...BRAND, logoUrl: 'https://example.com/l.png?a=1&b="' })
    expect(html).toContain('<img src="https://example.com/l.png?a=1&amp;b=&quot;" alt=""')
  })
})

describe('renderMail: hostile values (CWE-93)', () => {
  const HOSTILE = '<script>alert(1)</script>\r\nBcc: eve@example.net\u2028\u202eevil\0"\'&\ud800'

  it.each(MAIL_KINDS)('%s: escapes what users influence, and puts it on one line', (kind) => {
    const details = { ...DETAILS, email: HOSTILE, device: HOSTILE, location: HOSTILE, time: HOSTILE, factor: HOSTILE }
    const { subject, text, html } = renderMail(compose(kind, { details }), { ...BRAND, productName: HOSTILE })
    expect(subject).toMatch(/^\P{C}+$/u)
    expect(html).not.toMatch(/<script>|\n\s*Bcc:/)
    expect(text).not.toMatch(/^Bcc:/m)
    expect(`${text}${html}`.replaceAll('\n', '')).toMatch(/^\P{C}+$/u)
  })

  it('puts nothing that users control into a subject', () => {
    for (const kind of MAIL_KINDS) {
      const details = Object.fromEntries(
        Object.keys(DETAILS).map((key) => [key, key === 'minutes' ? '60' : 'secret-value']),
      )
      expect(renderMail(compose(kind, { details }), BRAND).subject).not.toContain('secret-value')
    }
  })

  it('bounds the length of what it quotes', () => {
    const details = { ...DETAILS, device: 'call 0900 now! '.repeat(100) }
    expect(renderMail(compose('new_device', { details }), BRAND).text.length).toBeLessThan(1_000)
  })

  it('leaves no markup of a value in the HTML', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const details = { ...DETAILS, device: `<x y="${value}">` }
        expect(renderMail(compose('new_device', { details }), BRAND).html).not.toContain('<x')
      }),
    )
  })
})

describe('chooseTextColor (WCAG 2.2 §1.4.3)', () => {
  it('reaches 4.5:1 on any brand colour', () => {
    const color = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`)
    fc.assert(
      fc.property(color, (background) => {
        expect(contrastRatio(background, chooseTextColor(background))).toBeGreaterThanOrEqual(4.5)
      }),
    )
  })

  it.each([
    ['#0f766e', '#ffffff'],
    ['#ffd400', '#000000'],
    ['#000000', '#ffffff'],
    ['#ffffff', '#000000'],
  ])('puts on %s the colour %s', (background, text) => {
    expect(chooseTextColor(background)).toBe(text)
  })
})
