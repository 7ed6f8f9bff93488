import { describe, expect, it } from 'vitest'
import { makeCode } from '../../../../src/crypto/derived-token.ts'
import type { Platform } from '../../../../src/platform/platform.ts'
import {
  factorsThatOpenAlone,
  findSecondFactor,
  findStepUpFactor,
  secondFactorsOf,
  stepUpFactorsOf,
} from '../../../../src/services/factors/registry.ts'
import type { Account } from '../../../../src/storage/accounts/accounts.ts'
import type { FactorState } from '../../../../src/storage/factors/state.ts'
import type { OneTimeToken } from '../../../../src/storage/one-time-tokens.ts'

const secrets = [{ version: 'v1', secret: new Uint8Array(32).fill(7) }] as const
const depsWith = (mfaEmailFallback: boolean) => ({ settings: { secrets, mfaEmailFallback } }) as unknown as Platform
const deps = depsWith(false)
const lenient = depsWith(true)
const token = { purpose: 'mfa_ticket', id: crypto.randomUUID(), salt: 'c2FsdC1vZi0xMjgtYml0cw' } as OneTimeToken
const code = makeCode(secrets, { purpose: 'mfa_ticket', id: token.id, generation: 0, salt: token.salt })

const accountWith = (factors: Partial<FactorState>) =>
  ({ factors: { totp: false, passkeys: 0, recoveryCodesLeft: 0, ...factors } }) as Account

describe('the factors of an account', () => {
  it.each([
    [{}, []],
    [{ recoveryCodesLeft: 10 }, []],
    [{ totp: true }, ['totp']],
  ])('with %j set, a login can be completed by %j', (factors, methods) => {
    expect(secondFactorsOf(deps, accountWith(factors))).toEqual(methods)
  })

  it('let a mailed code stand in for a stronger one only where the deployment allows it', () => {
    expect(secondFactorsOf(lenient, accountWith({ totp: true }))).toEqual(['totp', 'email'])
    expect(secondFactorsOf(lenient, accountWith({}))).toEqual([])
  })

  it('always offer a way to somebody who is signed in: a mailed code where there is no stronger one', () => {
    expect(stepUpFactorsOf(deps, accountWith({}))).toEqual(['email'])
    expect(stepUpFactorsOf(deps, accountWith({ totp: true }))).toEqual(['totp'])
    expect(findStepUpFactor(deps, accountWith({}), 'email')).toMatchObject({ method: 'email' })
    expect(findStepUpFactor(deps, accountWith({ totp: true }), 'email')).toBeNull()
  })

  it('are found by the method that somebody names, where the account can show it', () => {
    const account = accountWith({ totp: true })
    expect(findSecondFactor(lenient, account, 'email')).toMatchObject({ method: 'email' })
    expect(findSecondFactor(lenient, account, 'passkey')).toBeNull()
    expect(findSecondFactor(lenient, accountWith({}), 'email')).toBeNull()
  })

  it('open no account without a password, but for a passkey, so the last provider stays linked beside any other', () => {
    expect(factorsThatOpenAlone('somebody')).toHaveLength(1)
  })
})

describe('the mailed code', () => {
  const account = accountWith({ totp: true })
  const factor = findSecondFactor(lenient, account, 'email')

  it.each([
    ['the digits of this ticket', code, true],
    ['other digits', code === '00000000' ? '00000001' : '00000000', false],
    ['too few digits', code.slice(1), false],
    ['the ticket itself', token.id, false],
  ])('is proven by %s: %s', async (_, typed, isRight) => {
    const proven = await factor?.verify(deps, { account, token, proof: { code: typed } })
    expect(proven?.methods ?? null).toEqual(isRight ? ['otp'] : null)
  })

  it('is not proven by the digits of another ticket', async () => {
    const other = { ...token, id: crypto.randomUUID() }
    expect(await factor?.verify(deps, { account, token: other, proof: { code } })).toBeNull()
  })
})
