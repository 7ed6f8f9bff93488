import type { Browser } from 'playwright-core'
import type { MailContent } from '../../../src/mail/message.ts'
import { renderMail } from '../../../src/mail/render.ts'
import { capture, type View } from './camera.ts'
import { PICTURED_AT } from './moment.ts'
import { OWNER } from './people.ts'

const BRAND = { productName: 'Postern', color: '#0f766e', logoUrl: null }
const SIZE = { width: 1800, height: 1800 }
/** Where each mail leads, in the order in which they are shown. */
const PAGES = {
  verify_email: '/verify-email',
  already_registered: '/reset-password',
  reset_password: '/reset-password',
  password_changed: '/not-me',
  confirm_email_change: '/confirm-email-change',
  new_device: '/account',
} as const
/** These say when and from where something was done. */
const WITH_FACTS: readonly MailContent['kind'][] = ['verify_email', 'password_changed', 'new_device']
const WITH_CODE: readonly MailContent['kind'][] = [
  'verify_email',
  'already_registered',
  'reset_password',
  'confirm_email_change',
]

/** Takes the picture of six mails, side by side as a reader of one language and scheme sees them. */
export async function pictureMails(browser: Browser, { language, scheme }: Pick<View, 'language' | 'scheme'>) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: SIZE })
  const page = await context.newPage()
  const frames = (Object.keys(PAGES) as (keyof typeof PAGES)[]).map(
    (kind) => `<iframe srcdoc="${escapeAttribute(htmlOf(kind, language))}"></iframe>`,
  )
  await page.setContent(`<meta name="color-scheme" content="light dark"><style>
    body { margin: 0; display: grid; grid-template-columns: repeat(3, 1fr); grid-auto-rows: ${SIZE.height / 2}px }
    iframe { width: 100%; height: 100%; border: 0 }
  </style>${frames.join('')}`)
  await page.waitForLoadState('networkidle')
  const picture = await capture(page, 'png')
  await context.close()
  return picture
}

function htmlOf(kind: keyof typeof PAGES, locale: MailContent['locale']): string {
  const facts = { time: new Date(PICTURED_AT).toISOString(), device: 'Firefox on Linux', location: 'Berlin, DE' }
  const details = {
    minutes: kind === 'verify_email' ? '1440' : '60',
    email: OWNER.email,
    ...(WITH_FACTS.includes(kind) ? facts : {}),
    ...(kind === 'password_changed' ? { dropped: `GitHub (${OWNER.email})` } : {}),
  }
  const token = kind === 'new_device' ? '' : '#token=v1.Zm9yLWEtcGljdHVyZS1vbmx5'
  const link = `https://id.example.com${PAGES[kind]}${token}`
  return renderMail({ kind, locale, link, code: WITH_CODE.includes(kind) ? '48217093' : null, details }, BRAND).html
}

const escapeAttribute = (html: string) => html.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
