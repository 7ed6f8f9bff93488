import { describe, expect, it } from 'vitest'
import commonPasswords from '../../../../src/services/passwords/common-passwords.txt'
import { assertPasswordAllowed, checkPassword, type PasswordPolicy } from '../../../../src/services/passwords/policy.ts'

const POLICY: PasswordPolicy = { minLength: 8, require: [], productName: 'Postern' }
const NOBODY = { email: 'x@example.com', username: null, name: null }
const ADA = { email: 'ada.king@lovelace.example', username: 'Countess', name: 'Ada Augusta Byron' }

const isAllowed = (password: string, person = NOBODY as Parameters<typeof checkPassword>[2], policy = POLICY) =>
  checkPassword(password, policy, person).ok

describe('the length of a password', () => {
  it.each([
    ['seven characters', 'tq7!vz_', false],
    ['eight', 'tq7!vz_k', true],
    ['seven that are two units each', '🔑'.repeat(7), false],
    ['eight that are two units each', '🔑🔒🗝🚪🏰🛡⚔🧱', true],
    ['eight that NFC makes seven', 'tq7!vze\u0301', false],
    ['128', 'tq7!'.repeat(32), true],
    ['129', `${'tq7!'.repeat(32)}v`, false],
    ['128 that are two units each', '🔑'.repeat(128), true],
    ['129 that are two units each', '🔑'.repeat(129), false],
    ['128 that NFC makes of 256', 'e\u0301'.repeat(128), true],
  ])('counts code points after NFC (ASVS 6.2.1, 6.2.9; NIST SP 800-63B-4 §3.1.1.2): %s', (_, password, allowed) => {
    expect(isAllowed(password)).toBe(allowed)
  })

  it('has the minimum that the deployment chose (NIST SP 800-63B-4 §3.1.1.2)', () => {
    const strict = { ...POLICY, minLength: 15 }
    expect(isAllowed('fourteen chars', NOBODY, strict)).toBe(false)
    expect(isAllowed('fifteen chars !', NOBODY, strict)).toBe(true)
  })
})

describe('the characters of a password', () => {
  it.each([
    'only lower case letters',
    'ONLY UPPER CASE LETTERS',
    '739184620571',
    '!?-_.,;:#+*~',
    '          x',
    'пароль навсегда',
    '密码密码密码密码',
    'tab\there\u0000too',
  ])(
    'are not restricted, and no class of them is required by default (ASVS 6.2.5; NIST SP 800-63B-4 §3.1.1.2): %j',
    (password) => {
      expect(isAllowed(password)).toBe(true)
    },
  )

  it.each([
    ['upper', 'tq7!vz_k', 'tq7!vz_K'],
    ['upper', 'tq7!vz_ö', 'tq7!vz_Ö'],
    ['lower', 'TQ7!VZ_K', 'TQ7!VZ_k'],
    ['digit', 'tq!vz_kx', 'tq!vz_k4'],
    ['digit', 'tq!vz_kx', 'tq!vz_k٤'],
    ['symbol', 'tq7vzkxm', 'tq7vzk-m'],
    ['symbol', 'tq7vzkxm', 'tq7vz xm'],
  ] as const)('are of the class %s where the deployment asks for it: %s, %s', (name, without, withIt) => {
    const policy = { ...POLICY, require: [name] }
    expect(isAllowed(without, NOBODY, policy)).toBe(false)
    expect(isAllowed(withIt, NOBODY, policy)).toBe(true)
  })

  it('must be of each class that the deployment requires', () => {
    const policy: PasswordPolicy = { ...POLICY, require: ['upper', 'lower', 'digit', 'symbol'] }
    for (const password of ['tq7!vz_k', 'TQ7!VZ_K', 'tqx!vz_K', 'tq7xvzkK'])
      expect(isAllowed(password, NOBODY, policy)).toBe(false)
    expect(isAllowed('tq7!vz_K', NOBODY, policy)).toBe(true)
  })
})

describe('a common password (ASVS 6.2.4, 6.2.12; NIST SP 800-63B-4 §3.1.1.2)', () => {
  const list = commonPasswords.split('\n').filter((line) => line !== '')

  it('is one of at least 3,000 listed ones, which have the minimum length, in lower case, each once', () => {
    expect(list.filter((password) => password.length >= 8).length).toBeGreaterThanOrEqual(3000)
    expect(new Set(list).size).toBe(list.length)
    for (const password of list) expect(password).toBe(password.toLowerCase().trim())
  })

  it('is refused, every one of them, in any case', () => {
    for (const password of list) {
      expect(isAllowed(password)).toBe(false)
      expect(isAllowed(password.toUpperCase())).toBe(false)
    }
  })

  it.each(['password', 'PassWord1', 'qwertyuiop', 'iloveyou1', 'football1', '12345678', '1q2w3e4r', 'princess1'])(
    'is %s',
    (password) => {
      expect(checkPassword(password, POLICY, NOBODY)).toEqual({ ok: false, error: expect.stringContaining('common') })
    },
  )

  it('is refused only as a whole, so a longer password may contain it', () => {
    expect(isAllowed('my password is quite long')).toBe(true)
  })
})

describe('a password that contains a part of the name or address of its owner (ASVS 6.2.11)', () => {
  it.each([
    ['the address', 'x-ada.king@lovelace.example'],
    ['the part before the @', 'ada.king 1815!'],
    ['the same in capitals', 'xxADA.KINGxx'],
    ['the username', 'the countess!'],
    ['a part of the name', 'augusta-1815'],
    ['another part', 'the real BYRON'],
    ['the service', 'my postern key'],
  ])('is refused: %s', (_, password) => {
    expect(checkPassword(password, POLICY, ADA)).toEqual({ ok: false, error: expect.stringContaining('name') })
    expect(
      isAllowed(password, { email: 'z@example.org', username: null, name: null }, { ...POLICY, productName: 'Other' }),
    ).toBe(true)
  })

  it('may contain a part of three letters, which occurs by chance', () => {
    expect(isAllowed('adaptable canada', ADA)).toBe(true)
  })

  it('is found in either Unicode spelling', () => {
    const zoe = { ...NOBODY, name: 'Zoe\u0308 Müller' }
    expect(isAllowed('mu\u0308ller 4711', zoe)).toBe(false)
  })
})

describe('assertPasswordAllowed', () => {
  const settings = { passwordMinLength: 8, passwordRequire: [], brand: { productName: 'Postern' } }

  it('names the member that is wrong and the rule, and never repeats the password', () => {
    let thrown: unknown
    try {
      assertPasswordAllowed('secret7', settings, NOBODY, 'newPassword')
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'invalid_request', extras: { errors: [{ path: 'newPassword' }] } })
    expect(JSON.stringify(thrown)).not.toContain('secret7')
  })

  it('accepts a good password', () => {
    expect(() => assertPasswordAllowed('correct horse battery', settings, ADA, 'password')).not.toThrow()
  })
})
