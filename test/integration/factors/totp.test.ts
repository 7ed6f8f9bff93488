import { env } from 'cloudflare:workers'
import { and, eq } from 'drizzle-orm'
import decodeQr from 'qr/decode.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { RecoveryCodes, TotpActivated, TotpEnrolment } from '../../../src/contracts/factors.ts'
import { MfaNeeded, SignedIn } from '../../../src/contracts/login.ts'
import { User } from '../../../src/contracts/users.ts'
import { findStepUpFactor } from '../../../src/services/factors/registry.ts'
import { findCredentials } from '../../../src/storage/accounts/credentials.ts'
import { users } from '../../../src/storage/schema/index.ts'
import { giveSecondFactor, signedIn } from '../../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { totpCode } from '../../support/authenticator.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, logIn, PASSWORD, post, send } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { enrol } from '../../support/factors.ts'
import { jobPlatform } from '../../support/outbox.ts'
import { letLoginGrowOld, requireFactorOf } from '../../support/second-factors.ts'
import { queryOne } from '../../support/stored-state.ts'

type Person = Awaited<ReturnType<typeof signedIn>>
const STEP_MS = 30_000

const begin = ({ tokens }: Person) => post('/auth/mfa/totp', undefined, bearer(tokens.accessToken))
const activate = ({ tokens }: Person, code: string) =>
  post('/auth/mfa/totp/activate', { code }, bearer(tokens.accessToken))
const remove = ({ tokens }: Person) => send('DELETE', '/auth/mfa/totp', { headers: bearer(tokens.accessToken) })
const mfaOf = async ({ tokens }: Person) =>
  (await answerOf(await get('/auth/me', bearer(tokens.accessToken)), User)).mfa
const secretOf = async (person: Person) => (await answerOf(await begin(person), TotpEnrolment, 201)).secret
const ticketFor = async ({ email }: { email: string }) =>
  (await answerOf(await post('/auth/login', { identifier: email, password: PASSWORD }), MfaNeeded)).ticket
const complete = (ticket: string, code: string) => post('/auth/login/mfa', { ticket, method: 'totp', code })

/** Puts a session back to a login of eleven minutes ago. */
const growStale = ({ session }: Person) => letLoginGrowOld(session.id)

/** Draws a QR code of one path of squares as a camera would see it, four pixels a module. */
function draw(svg: string) {
  const [, size] = /viewBox="0 0 (\d+) \1"/.exec(svg) ?? []
  const width = (Number(size) / 10) * 4
  const data = new Uint8Array(width * width * 4).fill(255)
  for (const [, x, y] of svg.matchAll(/M(\d+),(\d+)h10v10h-10z/g))
    for (let row = 0; row < 4; row += 1)
      for (let column = 0; column < 4; column += 1) {
        const at = (((Number(y) / 10) * 4 + row) * width + (Number(x) / 10) * 4 + column) * 4
        data.set([0, 0, 0, 255], at)
      }
  return { width, height: width, data }
}

afterEach(() => vi.useRealTimers())

describe('POST /auth/mfa/totp', () => {
  it('shows a secret as text, as an address and as a QR code that says the same', async () => {
    const person = await signedIn()
    const response = await begin(person)
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    const { secret, otpauthUri, qrSvg } = await answerOf(response, TotpEnrolment, 201)
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    const uri = new URL(otpauthUri)
    expect(decodeURIComponent(uri.pathname)).toMatch(new RegExp(`/Postern:${person.email}$`))
    expect(uri.searchParams.get('secret')).toBe(secret)
    expect(decodeQr(draw(qrSvg))).toBe(otpauthUri)
  })

  it('draws a QR code that refers to nothing outside itself and runs nothing', async () => {
    const hostile = { ...env, PRODUCT_NAME: '"><script>alert(1)</script>' } as unknown as Env
    const { tokens } = await signedIn()
    const response = await callWorker(hostile, 'POST', '/auth/mfa/totp', { headers: bearer(tokens.accessToken) })
    const { qrSvg } = await answerOf(response, TotpEnrolment, 201)
    expect(qrSvg.replaceAll(/M\d+,\d+h10v10h-10z/g, '')).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 (\d+) \1"><rect fill="white" width="\1" height="\1"\/><path fill="black" d=""\/><\/svg>$/,
    )
  })

  it('is asked for by no login until a code has activated it', async () => {
    const person = await signedIn()
    await secretOf(person)
    expect(await mfaOf(person)).toEqual({ totp: false, passkeys: 0, recoveryCodesLeft: 0 })
    await logIn(person.email)
    expect(await auditOf('factor.added', person.id)).toEqual([])
  })

  it('forgets a secret that was made before and still waits', async () => {
    const person = await signedIn()
    const first = await secretOf(person)
    const second = await secretOf(person)
    await expectRefusal(await activate(person, totpCode(first)), 401, 'invalid_code')
    await answerOf(await activate(person, totpCode(second)), TotpActivated)
  })

  it('never replaces an app that is set, so that whoever has the session must first remove it', async () => {
    const person = await signedIn()
    const { secret } = await enrol(person.tokens.accessToken)
    await expectRefusal(await begin(person), 409, 'factor_already_set')
    expect((await complete(await ticketFor(person), totpCode(secret, 1))).status).toBe(200)
  })

  it('needs a recent login, and so do its activation and its removal (ASVS 7.5.1)', async () => {
    const person = await signedIn()
    const secret = await secretOf(person)
    await growStale(person)
    for (const refused of [await begin(person), await activate(person, totpCode(secret)), await remove(person)])
      await expectRefusal(refused, 403, 'step_up_required')
  })
})

describe('POST /auth/mfa/totp/activate', () => {
  it('makes logins ask for the app, and gives ten recovery codes with the first factor', async () => {
    const person = await signedIn()
    const secret = await secretOf(person)
    const { recoveryCodes } = await answerOf(await activate(person, totpCode(secret)), RecoveryCodes)
    expect(recoveryCodes).toHaveLength(10)
    expect(new Set(recoveryCodes).size).toBe(10)
    expect(await mfaOf(person)).toEqual({ totp: true, passkeys: 0, recoveryCodesLeft: 10 })
    const login = await post('/auth/login', { identifier: person.email, password: PASSWORD })
    expect((await answerOf(login, MfaNeeded)).methods).toEqual(['totp', 'recovery_code'])
  })

  it('is audited and mailed, and ends no session (ASVS 6.3.7)', async () => {
    const person = await signedIn()
    const other = await logIn(person.email)
    await enrol(person.tokens.accessToken)
    expect(await auditOf('factor.added', person.id)).toMatchObject([
      { actor_id: person.id, details: { method: 'totp' } },
    ])
    expect(await countRows('outbox', "recipient = ? and kind = 'factor_added'", person.email)).toBe(1)
    expect((await get('/auth/me', bearer(other.tokens.accessToken))).status).toBe(200)
  })

  it('lets the session go on as one that has shown the factor', async () => {
    const person = await signedIn()
    await requireFactorOf(person.id)
    await expectRefusal(await get('/audit-events', bearer(person.tokens.accessToken)), 403, 'enrolment_required')
    await enrol(person.tokens.accessToken)
    expect((await get('/audit-events', bearer(person.tokens.accessToken))).status).toBe(200)
    const { methods } = await queryOne('select methods from sessions where id = ?', person.session.id)
    expect(JSON.parse(String(methods))).toEqual(['pwd', 'otp', 'mfa'])
  })

  it('refuses a wrong code, and a secret that waits for longer than an hour', async () => {
    const person = await signedIn()
    const secret = await secretOf(person)
    await expectRefusal(await activate(person, totpCode(secret, 5)), 401, 'invalid_code')
    expect((await mfaOf(person)).totp).toBe(false)
    await rows('update totp_secrets set created_at = created_at - 3600000 where user_id = ?', person.id)
    await expectRefusal(await activate(person, totpCode(secret)), 404, 'not_found')
  })

  it('refuses where no secret waits', async () => {
    const person = await signedIn()
    await expectRefusal(await activate(person, '123456'), 404, 'not_found')
    const { secret } = await enrol(person.tokens.accessToken)
    await expectRefusal(await activate(person, totpCode(secret, 1)), 404, 'not_found')
  })

  it('lets one of ten simultaneous activations win: one mail, one event, one set of codes', async () => {
    const person = await signedIn()
    const secret = await secretOf(person)
    const answers = await Promise.all(Array.from({ length: 10 }, () => activate(person, totpCode(secret))))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status } of answers) expect([200, 401, 404]).toContain(status)
    expect(await countRows('recovery_codes', 'user_id = ?', person.id)).toBe(10)
    expect(await auditOf('factor.added', person.id)).toHaveLength(1)
    expect(await countRows('outbox', "recipient = ? and kind = 'factor_added'", person.email)).toBe(1)
  })
})

describe('a code of the app', () => {
  it('completes a login, and the session says how (RFC 8176)', async () => {
    const person = await signedIn()
    const secret = await giveSecondFactor(person.id)
    const { tokens } = await answerOf(await complete(await ticketFor(person), totpCode(secret)), SignedIn)
    const session = (await (await get('/auth/session', bearer(tokens?.accessToken ?? ''))).json()) as object
    expect(session).toMatchObject({ methods: ['pwd', 'otp', 'mfa'] })
  })

  it('is accepted once, and so is every earlier one (RFC 6238 §5.2, ASVS 6.5.1, better-auth#10387)', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const person = await signedIn()
    const secret = await giveSecondFactor(person.id)
    expect((await complete(await ticketFor(person), totpCode(secret))).status).toBe(200)
    for (const steps of [0, -1])
      await expectRefusal(await complete(await ticketFor(person), totpCode(secret, steps)), 401, 'invalid_code')
    vi.setSystemTime(Date.now() + STEP_MS)
    await expectRefusal(await complete(await ticketFor(person), totpCode(secret, -1)), 401, 'invalid_code')
    expect((await complete(await ticketFor(person), totpCode(secret))).status).toBe(200)
  })

  it('is accepted one step early or late, and no more (ASVS 6.5.5)', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    for (const [steps, status] of [
      [-2, 401],
      [-1, 200],
      [1, 200],
      [2, 401],
    ] as const) {
      const person = await signedIn()
      const secret = await giveSecondFactor(person.id)
      expect((await complete(await ticketFor(person), totpCode(secret, steps))).status, `${steps} steps`).toBe(status)
    }
  })

  it('has one winner among fifty simultaneous uses at logins and step-ups, and none is left for later', async () => {
    const person = await signedIn()
    const secret = await giveSecondFactor(person.id)
    const platform = jobPlatform()
    const owner = await findCredentials(platform.db, { email: person.email })
    if (owner === null) throw new Error('no account')
    const { account } = owner
    const factor = findStepUpFactor(platform, account, 'totp')
    if (factor === null) throw new Error('no factor')
    const code = totpCode(secret)
    const { db } = platform
    const verify = () => factor.verify(platform, { account, token: null, proof: { code } })
    const useIt = async () => {
      const proven = await verify()
      if (proven === null) return false
      const whenUnused = db
        .select({ id: users.id })
        .from(users)
        .where(and(eq(users.id, person.id), proven.whenUnused))
      const [found] = await db.batch([whenUnused, ...proven.use(proven.whenUnused).statements])
      return found.length > 0
    }
    const tickets = await Promise.all(Array.from({ length: 25 }, () => ticketFor(person)))
    const uses = tickets.flatMap((ticket) => [async () => (await complete(ticket, code)).status === 200, useIt])
    const won = (await Promise.all(uses.map((use) => use()))).filter(Boolean)
    expect(won).toHaveLength(1)
    expect(await verify()).toBeNull()
  })

  it('that activated the app opens no login afterwards', async () => {
    const person = await signedIn()
    const secret = await secretOf(person)
    const code = totpCode(secret)
    expect((await activate(person, code)).status).toBe(200)
    await expectRefusal(await complete(await ticketFor(person), code), 401, 'invalid_code')
  })

  it('does not work where somebody moved the sealed secret to another account', async () => {
    const [owner, thief] = [await signedIn(), await signedIn()]
    const secret = await giveSecondFactor(thief.id)
    await giveSecondFactor(owner.id)
    await rows(
      'update totp_secrets set seals = (select seals from totp_secrets where user_id = ?) where user_id = ?',
      thief.id,
      owner.id,
    )
    await expectRefusal(await complete(await ticketFor(owner), totpCode(secret)), 401, 'invalid_code')
    expect((await complete(await ticketFor(thief), totpCode(secret))).status).toBe(200)
  })
})

describe('DELETE /auth/mfa/totp', () => {
  it('stops logins from asking, ends the other sessions, is audited and mailed, and takes the recovery codes along', async () => {
    const person = await signedIn()
    const other = await logIn(person.email)
    await enrol(person.tokens.accessToken)
    await expectNoContent(await remove(person))
    expect(await mfaOf(person)).toEqual({ totp: false, passkeys: 0, recoveryCodesLeft: 0 })
    for (const path of ['/auth/me', '/auth/session'])
      expect((await get(path, bearer(other.tokens.accessToken))).status).toBe(401)
    expect(await auditOf('factor.removed', person.id)).toMatchObject([
      { actor_id: person.id, details: { method: 'totp' } },
    ])
    expect(await countRows('outbox', "recipient = ? and kind = 'factor_removed'", person.email)).toBe(1)
    await logIn(person.email)
  })

  it('refuses where no app is set, and leaves a secret that still waits alone', async () => {
    const person = await signedIn()
    const other = await logIn(person.email)
    await expectRefusal(await remove(person), 404, 'not_found')
    const secret = await secretOf(person)
    await expectRefusal(await remove(person), 404, 'not_found')
    expect((await get('/auth/me', bearer(other.tokens.accessToken))).status).toBe(200)
    expect(await countRows('outbox', "recipient = ? and kind = 'factor_removed'", person.email)).toBe(0)
    await answerOf(await activate(person, totpCode(secret)), TotpActivated)
  })

  it('keeps the last strong factor of an account whose role requires one', async () => {
    const person = await signedIn()
    const other = await logIn(person.email)
    await enrol(person.tokens.accessToken)
    await requireFactorOf(person.id)
    await expectRefusal(await remove(person), 409, 'last_strong_factor')
    expect(await mfaOf(person)).toEqual({ totp: true, passkeys: 0, recoveryCodesLeft: 10 })
    expect(await countRows('sessions', 'id = ?', other.session.id)).toBe(1)
    expect(await auditOf('factor.removed', person.id)).toEqual([])
  })

  it('has one winner among simultaneous removals: one mail and one event', async () => {
    const person = await signedIn()
    await enrol(person.tokens.accessToken)
    const answers = await Promise.all(Array.from({ length: 10 }, () => remove(person)))
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(await auditOf('factor.removed', person.id)).toHaveLength(1)
    expect(await countRows('outbox', "recipient = ? and kind = 'factor_removed'", person.email)).toBe(1)
  })

  it('forgets the secret, so that a later app has another', async () => {
    const person = await signedIn()
    const { secret } = await enrol(person.tokens.accessToken)
    await remove(person)
    expect(await secretOf(person)).not.toBe(secret)
    const { activated_at } = await queryOne('select activated_at from totp_secrets where user_id = ?', person.id)
    expect(activated_at).toBeNull()
  })
})
