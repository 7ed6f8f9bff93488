import { describe, expect, it } from 'vitest'
import { RecoveryCodes } from '../../../src/contracts/factors.ts'
import { MfaNeeded, SignedIn } from '../../../src/contracts/login.ts'
import { signedIn } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, PASSWORD, post } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { enrol } from '../../support/factors.ts'
import { faultyEnv, refusing } from '../../support/faulty-env.ts'
import { letLoginGrowOld } from '../../support/second-factors.ts'

/** Signs somebody up who has an authenticator app and recovery codes. */
async function withCodes() {
  const person = await signedIn()
  return { ...person, ...(await enrol(person.tokens.accessToken)) }
}
type Person = Awaited<ReturnType<typeof withCodes>>

const ticketFor = async ({ email }: Person) =>
  (await answerOf(await post('/auth/login', { identifier: email, password: PASSWORD }), MfaNeeded)).ticket
const complete = (ticket: string, code = '') => post('/auth/login/mfa', { ticket, method: 'recovery_code', code })
const replace = ({ tokens }: { tokens: { accessToken: string } }) =>
  post('/auth/mfa/recovery-codes', undefined, bearer(tokens.accessToken))
const left = ({ id }: Person) => countRows('recovery_codes', 'user_id = ?', id)
const noticesOf = ({ email }: Person, kind: string) =>
  rows('select * from outbox where recipient = ? and kind = ?', email, kind)

describe('a recovery code', () => {
  it('stands in for the authenticator app once, and the owner is told how many are left (ASVS 6.5.1)', async () => {
    const person = await withCodes()
    const [code] = person.recoveryCodes
    const { user } = await answerOf(await complete(await ticketFor(person), code), SignedIn)
    expect(user.mfa.recoveryCodesLeft).toBe(9)
    expect(await left(person)).toBe(9)
    expect(await auditOf('factor.recovery_code_used', person.id)).toHaveLength(1)
    const notices = await noticesOf(person, 'recovery_code_used')
    expect(notices.map(({ details }) => (JSON.parse(String(details)) as { left: string }).left)).toEqual(['9'])
    await expectRefusal(await complete(await ticketFor(person), code), 401, 'invalid_code')
    expect(await left(person)).toBe(9)
  })

  it('is taken however a person types it', async () => {
    const person = await withCodes()
    const [first = '', second = ''] = person.recoveryCodes
    expect((await complete(await ticketFor(person), first.toLowerCase().replaceAll('-', ' '))).status).toBe(200)
    const lookAlikes = second.replaceAll('0', 'o').replaceAll('1', 'l').replaceAll('-', '')
    expect((await complete(await ticketFor(person), lookAlikes)).status).toBe(200)
  })

  it('is not used up by a login or a step-up that the database fails in (ASVS 16.5.3)', async () => {
    const person = await withCodes()
    const [code] = person.recoveryCodes
    const { env: faulty, fail } = faultyEnv()
    const ask = (path: string, body: object, headers = {}) => callWorker(faulty, 'POST', path, { body, headers })
    const [ticket, headers] = [await ticketFor(person), bearer(person.tokens.accessToken)]
    const proof = { method: 'recovery_code', code }
    for (const [path, body, statement] of [
      ['/auth/login/mfa', { ticket, ...proof }, /^insert into "sessions"/i],
      ['/auth/step-up', proof, /^update "sessions"/i],
    ] as const) {
      fail(refusing(({ kind, sql }) => kind === 'd1' && sql.some((query) => statement.test(query))))
      await expectRefusal(await ask(path, body, headers), 503, 'dependency_unavailable')
      expect(await left(person)).toBe(10)
      expect(await noticesOf(person, 'recovery_code_used')).toEqual([])
      fail(null)
    }
    expect((await ask('/auth/login/mfa', { ticket, ...proof })).status).toBe(200)
    expect(await left(person)).toBe(9)
  })

  it('has one winner among fifty simultaneous uses, and tells the owner once', async () => {
    const person = await withCodes()
    const tickets = await Promise.all(Array.from({ length: 10 }, () => ticketFor(person)))
    const uses = tickets.flatMap((ticket) => Array.from({ length: 5 }, () => complete(ticket, person.recoveryCodes[0])))
    const answers = await Promise.all(uses)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 200))
      await expectRefusal(answer, 401, 'invalid_code')
    expect(await left(person)).toBe(9)
    expect(await noticesOf(person, 'recovery_code_used')).toHaveLength(1)
  })

  it('opens no other account, and is no code of the app', async () => {
    const [person, other] = [await withCodes(), await withCodes()]
    await expectRefusal(await complete(await ticketFor(other), person.recoveryCodes[0]), 401, 'invalid_code')
    const asTotp = { ticket: await ticketFor(person), method: 'totp', code: person.recoveryCodes[0] }
    await expectRefusal(await post('/auth/login/mfa', asTotp), 401, 'invalid_code')
    expect([await left(person), await left(other)]).toEqual([10, 10])
  })

  it('is stored only as an argon2id hash (ASVS 6.5.2)', async () => {
    const person = await withCodes()
    const stored = await rows('select hash from recovery_codes where user_id = ?', person.id)
    for (const { hash } of stored) expect(hash).toMatch(/^\$argon2id\$/)
  })

  it('is offered no more once all are used', async () => {
    const person = await withCodes()
    await rows('delete from recovery_codes where user_id = ?', person.id)
    const login = await post('/auth/login', { identifier: person.email, password: PASSWORD })
    expect((await answerOf(login, MfaNeeded)).methods).toEqual(['totp'])
  })
})

describe('POST /auth/mfa/recovery-codes', () => {
  it('shows ten new codes, and the old ones die', async () => {
    const person = await withCodes()
    const { recoveryCodes } = await answerOf(await replace(person), RecoveryCodes)
    expect(new Set([...recoveryCodes, ...person.recoveryCodes]).size).toBe(20)
    await expectRefusal(await complete(await ticketFor(person), person.recoveryCodes[1]), 401, 'invalid_code')
    expect((await complete(await ticketFor(person), recoveryCodes[1])).status).toBe(200)
    expect(await left(person)).toBe(9)
  })

  it('is audited and mailed (ASVS 6.3.7)', async () => {
    const person = await withCodes()
    await replace(person)
    expect((await auditOf('factor.added', person.id)).map(({ details }) => details)).toEqual([
      { method: 'totp' },
      { method: 'recovery_code' },
    ])
    expect(await noticesOf(person, 'factor_added')).toHaveLength(2)
  })

  it('leaves one whole set where two requests come at once', async () => {
    const person = await withCodes()
    await Promise.all([replace(person), replace(person), replace(person)])
    expect(await left(person)).toBe(10)
  })

  it('refuses an account without a second factor, because the codes could stand in for nothing', async () => {
    const person = await signedIn()
    await expectRefusal(await replace(person), 409, 'no_second_factor')
    expect(await countRows('recovery_codes', 'user_id = ?', person.id)).toBe(0)
  })

  it('needs a recent login (ASVS 7.5.1)', async () => {
    const person = await withCodes()
    await letLoginGrowOld(person.session.id)
    await expectRefusal(await replace(person), 403, 'step_up_required')
    expect((await get('/auth/me', bearer(person.tokens.accessToken))).status).toBe(200)
  })
})
