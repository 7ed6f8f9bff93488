import { afterAll, describe, expect, it } from 'vitest'
import securityPage from '../../docs/security.md?raw'
import { mailedToken } from '../support/accounts.ts'
import { newEmail, PASSWORD } from '../support/client.ts'
import { mailsSettled } from '../support/database.ts'
import { oauthEnv, stubProviders } from '../support/providers.ts'
import { createVisitor, OWNERS_PASSWORD, type Visitor, type WayIn, waysLeft } from '../support/strangers.ts'

const providers = stubProviders()
const strict = oauthEnv()
const lenient = oauthEnv({ REQUIRE_EMAIL_VERIFICATION: 'false' })

let lastAddress = 0
/** Answers a new address whose mailbox Google runs. */
function newGmail(): string {
  lastAddress += 1
  return `owner${lastAddress}@gmail.com`
}

/**
 * Somebody did this with another person's address before the owner came. Each title is that of a row in
 * docs/security.md.
 */
const STRANGERS: Record<
  string,
  { service: Env; come: (stranger: Visitor, email: string, owner: Visitor) => Promise<unknown> }
> = {
  'signs up with a password': { service: strict, come: (stranger, email) => stranger.register(email) },
  'signs in by a provider that verifies nothing': {
    service: strict,
    come: (stranger, email) => stranger.signInWithMicrosoft(email, {}),
  },
  'the same without `REQUIRE_EMAIL_VERIFICATION`': {
    service: lenient,
    async come(stranger, email) {
      expect(await stranger.signInWithMicrosoft(email, {})).toBe('email_not_verified')
      expect(await stranger.signInWithMicrosoft(email, {})).toBe('email_not_verified')
    },
  },
  'signs up with a password without `REQUIRE_EMAIL_VERIFICATION`, and links a provider': {
    service: lenient,
    async come(stranger, email) {
      await stranger.register(email)
      expect((await stranger.logIn(email)).status).toBe(200)
      expect(await stranger.linkGitHub()).toBeNull()
    },
  },
  'signs in by a provider that verifies wrongly, and links another': {
    service: strict,
    async come(stranger, email) {
      expect(await stranger.signInWithMicrosoft(email, { xms_edov: true })).toBeNull()
      expect(await stranger.linkGitHub()).toBeNull()
    },
  },
  "claims the owner's unconfirmed sign-up by such a provider, and links another": {
    service: strict,
    async come(stranger, email, owner) {
      await owner.register(email)
      expect(await stranger.signInWithMicrosoft(email, { xms_edov: true })).toBeNull()
      expect(await stranger.linkGitHub()).toBeNull()
    },
  },
  'moves an account to the address (the owner confirms that)': {
    service: strict,
    async come(stranger, email) {
      const own = newEmail()
      await stranger.register(own)
      await stranger.confirm(own)
      await stranger.logIn(own)
      expect(await stranger.linkGitHub()).toBeNull()
      await stranger.browser.fetch('POST', '/auth/change-email', { newEmail: email, password: PASSWORD })
      await stranger.ask('/auth/confirm-email-change', { token: await mailedToken(own, 'change_email') })
    },
  },
}

/** The owner then does one of these. Each title is that of a column in docs/security.md. */
const OWNERS: Record<string, (owner: Visitor, email: string) => Promise<unknown>> = {
  'signs up': (owner, email) => owner.register(email),
  'presses Confirm in a mail that the stranger asked for': async (owner, email) => {
    await owner.ask('/auth/resend-verification', { email })
    await owner.confirm(email)
  },
  'signs up, then presses Confirm in such a mail': async (owner, email) => {
    await owner.register(email)
    await owner.ask('/auth/resend-verification', { email })
    await owner.confirm(email)
  },
  'presses Confirm in such a mail, then sets a password by mail': async (owner, email) => {
    await owner.ask('/auth/resend-verification', { email })
    await owner.confirm(email)
    await owner.setPasswordByMail(email)
  },
  'signs up, presses Confirm, then sets a password by mail': async (owner, email) => {
    await owner.register(email)
    await owner.ask('/auth/resend-verification', { email })
    await owner.confirm(email)
    await owner.setPasswordByMail(email)
  },
  'sets a password by mail': (owner, email) => owner.setPasswordByMail(email),
  'signs in by the provider that runs the mailbox': (owner, email) => owner.signInWithGoogle(email),
  'signs in by another provider that verified the address': (owner, email) => owner.signInWithGitHub(email),
}

const NOTHING: WayIn[] = []
/** A click confirms what its mail named. Everything else that the owner does leaves the stranger nothing. */
const confirmed = (left: WayIn[]) => [NOTHING, left, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING]
/**
 * An account that is already verified stays as it is until its owner sets a password, or signs in by the provider that
 * runs the mailbox.
 */
const verified = (left: WayIn[]) => [left, left, left, NOTHING, NOTHING, NOTHING, NOTHING, left]
/** These are the ways to sign in that are left to the stranger: one line for each row, in the order of the columns. */
const LEFT: WayIn[][][] = [
  confirmed(['password']),
  confirmed(['provider']),
  confirmed(['provider']),
  confirmed(['linked', 'password', 'session']),
  verified(['linked', 'provider', 'session']),
  verified(['linked', 'provider', 'session']),
  verified(['linked', 'password', 'session']),
]

const rowsOfTable = Object.entries(STRANGERS).map(([title, stranger], row) => ({
  title,
  stranger,
  left: LEFT[row] ?? [],
}))
const cells = rowsOfTable.flatMap(({ title, stranger, left }) =>
  Object.entries(OWNERS).map(([arrival, arrive], column) => ({
    title,
    arrival,
    stranger,
    arrive,
    left: left[column] ?? [],
    words: wordsFor(left[column] ?? []),
  })),
)

afterAll(mailsSettled)

describe('what is left of a stranger who came before the owner (pre-hijacking, Sudhodanan and Paverd 2022)', () => {
  it.each(cells)('is $words when somebody $title and the owner $arrival', { timeout: 30_000 }, async (cell) => {
    const email = newGmail()
    const stranger = createVisitor(cell.stranger.service, providers, { password: PASSWORD })
    const owner = createVisitor(cell.stranger.service, providers, { password: OWNERS_PASSWORD })
    await cell.stranger.come(stranger, email, owner)
    await cell.arrive(owner, email)
    expect(await waysLeft(stranger, email, { lenient })).toEqual(cell.left)
  })

  it('is what docs/security.md says, cell by cell', () => {
    const line = (fields: readonly string[]) => `| ${fields.join(' | ')} |`
    const lines = new Set(securityPage.split('\n'))
    const head = line(['somebody … then the owner', ...Object.keys(OWNERS)])
    const body = rowsOfTable.map(({ title, left }) => line([title, ...left.map(wordsFor)]))
    expect([head, ...body].filter((text) => !lines.has(text))).toEqual([])
  })
})

function wordsFor(left: readonly WayIn[]): string {
  return left.length === 0 ? 'nothing' : left.join(', ')
}
