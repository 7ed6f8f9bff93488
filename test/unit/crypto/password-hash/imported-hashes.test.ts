import { describe, expect, it, vi } from 'vitest'
import { putInParametersOfImported, readImportedHash } from '../../../../src/crypto/password-hash/imported.ts'
import type { HashParameters } from '../../../../src/crypto/password-hash/parameters.ts'
import { checkHashParameters, readHash, verifyPassword } from '../../../../src/crypto/password-hash/registry.ts'
import vectors from '../../../vectors/imported-hashes.json'

interface Vector {
  madeBy: string
  password: string
  hash: string
  parameters?: HashParameters
}
/** Those that systems have written log in over HTTP in `test/integration/login/imported-hashes.test.ts`. */
const VECTORS: readonly Vector[] = [...vectors.ofPackages.vectors, ...vectors.published.vectors]
const BCRYPT_72 = VECTORS.find(({ madeBy }) => madeBy.includes('exactly 72 bytes')) as Vector
const FIREBASE = (vectors.ofSystems.vectors as readonly Vector[]).find(
  ({ parameters }) => parameters !== undefined,
) as Vector & { parameters: HashParameters }

/** Reads a hash as the import does, and gives it the form in which a login verifies it. */
function imported({ hash, parameters }: Pick<Vector, 'hash' | 'parameters'>): string {
  const read = readHash(hash, parameters)
  if (read.outcome !== 'ok') throw new Error(`${hash}: ${read.outcome}`)
  return parameters === undefined ? read.stored : putInParametersOfImported(read.stored, parameters)
}

describe('a hash that another system made', () => {
  it.each(VECTORS)('is verified: $madeBy', (vector) => {
    const stored = imported(vector)
    expect(verifyPassword(stored, vector.password)).toBe(true)
    // The dear ones are left out, because their schemes are shown by others.
    if ((readImportedHash(stored)?.costMs ?? 0) < 500) expect(verifyPassword(stored, `!${vector.password}`)).toBe(false)
  })

  it('is one of the password as it was typed, where that has several spellings', () => {
    const decomposed = 'Zoe\u0308\u2019s cafe\u0301'
    // Made with the PyPI package bcrypt 4.0.1.
    const stored = imported({ hash: '$2b$04$abcdefghijklmnopqrstuuaA96o1fsSsiYbBBMq8X.htr2iC4jmVu' })
    expect(verifyPassword(stored, decomposed)).toBe(true)
    expect(verifyPassword(stored, decomposed.normalize('NFC'))).toBe(false)
  })

  it('is verified without the capped PBKDF2 of production (docs/platform-notes.md)', () => {
    const deriveBits = vi.spyOn(crypto.subtle, 'deriveBits')
    const [vector] = VECTORS.filter(({ hash }) => hash.startsWith('$pbkdf2$131000$'))
    expect(verifyPassword(imported(vector as Vector), vector?.password ?? '')).toBe(true)
    expect(deriveBits).not.toHaveBeenCalled()
    deriveBits.mockRestore()
  })
})

describe('bcrypt', () => {
  it('reads 72 bytes of a password and no more', () => {
    const stored = imported(BCRYPT_72)
    expect(verifyPassword(stored, 'x'.repeat(73))).toBe(true)
    expect(verifyPassword(stored, 'x'.repeat(71))).toBe(false)
  })

  it('matches no password with a NUL, which some of its implementations end at and others repeat as a part of the key', () => {
    // Both would have this hash, because the key is the password with a NUL behind it, again and again.
    const stored = imported({ hash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' })
    expect(verifyPassword(stored, 'U*U')).toBe(true)
    expect(verifyPassword(stored, 'U*U\0U*U')).toBe(false)
    expect(verifyPassword(stored, 'U*U\0')).toBe(false)
  })
})

describe('reading a hash at the import', () => {
  const outcomeOf = (hash: string, parameters?: HashParameters) => readHash(hash, parameters).outcome
  const SALT = 'c29tZXNhbHQxMjM0'
  const TAG = 'A'.repeat(43)

  it.each([
    ['an empty text', ''],
    ['a password', 'hunter2'],
    ["Django's unusable password", '!Ab12'],
    ['a hash cut off', '$2b$10$n0tVpqF5qgsOSepF1DYdOu8fP8WFSkHRUxLt7tnX.AVqYFlqM9.J'],
    ['a cost that bcrypt does not have', `$2b$03$${'a'.repeat(53)}`],
    ['a tag that chance could meet', 'pbkdf2:sha256:1000$salt$ab'],
    ['no iterations', `pbkdf2:sha256:0$salt$${'ab'.repeat(32)}`],
    ['argon2 with a lane and too little memory for it', `$argon2id$v=19$m=7,t=1,p=1$${SALT}$${TAG}`],
    ['argon2 without passes', `$argon2id$v=19$m=64,t=0,p=1$${SALT}$${TAG}`],
    ['scrypt whose N is no power of two', `scrypt:1000:8:1$salt$${'ab'.repeat(64)}`],
    ['half of the salt:key of better-auth', `${'ab'.repeat(16)}:${'cd'.repeat(20)}`],
    ['a line break at its end', `$2b$10$n0tVpqF5qgsOSepF1DYdOu8fP8WFSkHRUxLt7tnX.AVqYFlqM9.Jm\n`],
    ['a text of a thousand characters', `pbkdf2:sha256:1000$${'s'.repeat(1000)}$${'ab'.repeat(32)}`],
    ['a stored form', 'imported:0150:$2b$10$n0tVpqF5qgsOSepF1DYdOu8fP8WFSkHRUxLt7tnX.AVqYFlqM9.Jm'],
  ])('tells what is malformed: %s', (_, hash) => {
    expect(outcomeOf(hash)).toBe('malformed')
  })

  it.each([
    ['MD5 of PHP and of Unix', '$1$abcdefgh$G/ZkSXJ.9zYVzUQSsNX5a1'],
    ['SHA-1 of an old Django', 'sha1$a1976$a36cc8cbf81742a8fb52e221aaeab48ed7f58ab4'],
    ['salted SHA of LDAP', '{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr'],
    ['the bcrypt with the sign error', `$2x$10$${'a'.repeat(53)}`],
    ['bcrypt of cost 16', `$2b$16$${'a'.repeat(53)}`],
    ['PBKDF2 of two million iterations', `pbkdf2:sha256:2000000$salt$${'ab'.repeat(32)}`],
    ['PBKDF2 of a number of iterations that nobody has', `pbkdf2:sha256:${'9'.repeat(400)}$salt$${'ab'.repeat(32)}`],
    ['PBKDF2-SHA-512 of a million iterations', `$keycloak$pbkdf2-sha512$1000000$${SALT}$${TAG}=`],
    ['argon2 of 256 MiB', `$argon2id$v=19$m=262144,t=1,p=1$${SALT}$${TAG}`],
    ['argon2 of a hundred passes', `$argon2id$v=19$m=65536,t=100,p=1$${SALT}$${TAG}`],
    ['scrypt of N·r·p beyond 2^20', `scrypt:65536:8:3$salt$${'ab'.repeat(64)}`],
    ['scrypt of 128 MiB', `scrypt:131072:8:1$salt$${'ab'.repeat(64)}`],
    ['a Firebase hash without its parameters', FIREBASE.hash],
  ])('tells what production cannot verify: %s', (_, hash) => {
    expect(outcomeOf(hash)).toBe('unsupported')
  })

  it('takes what the dearest settings of today make', () => {
    expect(outcomeOf(`pbkdf2_sha256$1500000$salt$${TAG}=`)).toBe('ok')
    expect(outcomeOf(`$2b$15$${'a'.repeat(53)}`)).toBe('ok')
    expect(outcomeOf(`$keycloak$pbkdf2$1300000$${SALT}$${TAG}=`)).toBe('ok')
  })

  it('stores no signer key, but refers to the parameters, and tells bad ones before any line', () => {
    const read = readHash(FIREBASE.hash, FIREBASE.parameters)
    expect(JSON.stringify(read)).not.toContain(FIREBASE.parameters.firebaseScrypt.signerKey.slice(0, 8))
    expect(checkHashParameters(FIREBASE.parameters)).toBe(true)
    const changed = (change: object) => ({ firebaseScrypt: { ...FIREBASE.parameters.firebaseScrypt, ...change } })
    for (const change of [
      { signerKey: 'no base64!' },
      { signerKey: '' },
      { saltSeparator: '$' },
      { memCost: 21 },
      { rounds: 0 },
      { rounds: 1.5 },
      { memCost: -1 },
    ])
      expect(checkHashParameters(changed(change)), JSON.stringify(change)).toBe(false)
  })

  it('computes nothing', () => {
    const started = performance.now()
    for (let nth = 0; nth < 1000; nth += 1) outcomeOf(`pbkdf2_sha256$1500000$salt${nth}$${TAG}=`)
    // The clock of workerd may stand still meanwhile; a thousand checks would take most of an hour.
    expect(performance.now() - started).toBeLessThan(60_000)
  })
})

describe('a stored hash that cannot be read', () => {
  it.each([
    'imported:',
    'imported:0150:',
    'imported:0150:$md5$abc',
    'imported:9999:hunter2',
    `imported:0150:$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$${'A'.repeat(43)}`,
  ])('matches no password: %s', (stored) => {
    for (const password of ['', 'hunter2', stored]) expect(verifyPassword(stored, password)).toBe(false)
  })
})
