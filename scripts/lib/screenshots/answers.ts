import { renderSVG } from 'uqr'
import { PICTURED_AT } from './moment.ts'
import { OWNER } from './people.ts'

const DAY_MS = 86_400_000
const daysAgo = (days: number) => new Date(PICTURED_AT - days * DAY_MS).toISOString()

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const OTPAUTH_URI = `otpauth://totp/Postern:${OWNER.email}?secret=${SECRET}&issuer=Postern`
const RECOVERY_CODES = Array.from({ length: 10 }, (_, nth) => `${'abcdefghjk'[nth]}7kq-m2xv-${1000 + nth * 733}`)

const key = (kid: string, state: string, madeDaysAgo: number) => ({
  kid,
  state,
  createdAt: daysAgo(madeDaysAgo),
  signsUntil: daysAgo(madeDaysAgo - 60),
  verifiesUntil: daysAgo(madeDaysAgo - 61),
})

/** These answers stand in for those of the service, because they hold secrets, or would be others in every run. */
export const FIXED_ANSWERS: Readonly<Record<string, object>> = {
  'POST /auth/mfa/totp': { secret: SECRET, otpauthUri: OTPAUTH_URI, qrSvg: renderSVG(OTPAUTH_URI) },
  'POST /auth/mfa/totp/activate': { recoveryCodes: RECOVERY_CODES },
  'GET /signing-keys': {
    items: [key('9vX2mQ4tLr0a', 'next', 2), key('Zk7eWb1oYh3s', 'current', 32), key('c5NfT8uJd6Pg', 'former', 62)],
  },
}

/** What the service answers, without what is another in every run. */
export const TIDIED_ANSWERS: Readonly<Record<string, (body: never) => object>> = {
  'GET /health/ready': ({ status, dependencies }: { status: string; dependencies: Record<string, object> }) => ({
    status,
    dependencies: Object.fromEntries(
      Object.entries(dependencies).map(([name, state], nth) => [
        name,
        { ...state, ms: 2 + ((nth * 3) % 5), ...('bytes' in state ? { bytes: 48_300_000 } : {}) },
      ]),
    ),
  }),
  'GET /dev/mailbox.json': ({ items }: { items: readonly Mail[] }) => ({ items: tidyMails(items) }),
}

interface Mail {
  to: string
  text: string
  html: string
  at: string
}

/** The links and codes of mails are others in every run, and so is the order of mails that are sent at once. */
function tidyMails(items: readonly Mail[]): Mail[] {
  const shown = items
    .filter(({ text }) => text.includes('/verify-email#token='))
    .sort((one, other) => Number(other.to === OWNER.email) - Number(one.to === OWNER.email))
  return shown.map((mail, nth) => ({
    ...mail,
    text: tidyMail(mail.text),
    html: tidyMail(mail.html),
    at: new Date(PICTURED_AT - (nth * 7 + 1) * 60_000).toISOString(),
  }))
}

const tidyMail = (text: string): string =>
  text
    .replace(/#token=[\w.-]+/g, '#token=v1.Zm9yLWEtcGljdHVyZS1vbmx5')
    .replace(/(?<![\w-])\d{4}( ?)\d{4}(?![\w-])/g, '4821$17093')
    .replace(/[A-Z]\w+ \d{1,2}, \d{4} at \d{1,2}:\d\d\s[AP]M UTC/g, 'November 20, 2026 at 9:40 AM UTC')
    .replace(/\d{1,2}\. \S+ \d{4} um \d{1,2}:\d\d UTC/g, '20. November 2026 um 09:33 UTC')
