import { afterEach, describe, expect, it, vi } from 'vitest'
import { ABSENT_PASSWORD_HASH, hashPassword, needsRehash } from '../../../../src/crypto/password-hash/own-hash.ts'
import { verifyPassword } from '../../../../src/crypto/password-hash/registry.ts'
import vectors from '../../../vectors/argon2id.json'

const PHC = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/
/** Builds a password of 128 characters: each of them is `unit` but the last. */
const longEndingIn = (unit: string, last: string) => unit.repeat(127) + last

describe('argon2id known answers', () => {
  it.each([...vectors.reference.vectors, ...vectors.unicode.vectors])('verifies $password under $hash', (vector) => {
    expect(verifyPassword(vector.hash, vector.password)).toBe(true)
    expect(verifyPassword(vector.hash, `${vector.password}x`)).toBe(false)
    expect(verifyPassword(vector.hash, vector.password.slice(0, -1))).toBe(false)
  })
})

describe('hashPassword', () => {
  it('makes a PHC string of argon2id with 19 MiB, two passes, one lane (ASVS 11.4.2, OWASP)', () => {
    expect(hashPassword('correct horse battery staple')).toMatch(PHC)
  })

  it('uses a new salt each time, so that the same password has another hash', () => {
    expect(hashPassword('correct horse')).not.toBe(hashPassword('correct horse'))
  })

  it.each([
    ['ASCII', longEndingIn('a', 'a'), longEndingIn('a', 'b')],
    ['two bytes a character', longEndingIn('é', 'é'), longEndingIn('é', 'è')],
    ['three bytes a character', longEndingIn('密', '密'), longEndingIn('密', '码')],
    ['four bytes a character', longEndingIn('🔑', '🔑'), longEndingIn('🔑', '🔒')],
    ['a short one that is not ASCII', 'пароль-abc', 'пароль-abd'],
    ['NUL characters', 'abc\0defgh', 'abc\0defgi'],
    ['a NUL at the end', 'abcdefgh', 'abcdefgh\0'],
  ])('never truncates (ASVS 6.2.8; NIST SP 800-63B-4 §3.1.1.2): %s', (_, password, other) => {
    const hash = hashPassword(password)
    expect(verifyPassword(hash, password)).toBe(true)
    expect(verifyPassword(hash, other)).toBe(false)
    expect(verifyPassword(hash, password.slice(0, -1))).toBe(false)
  })

  it('keeps upper and lower case apart, and spaces (ASVS 6.2.8)', () => {
    const hash = hashPassword(' Correct Horse ')
    expect(verifyPassword(hash, ' correct horse ')).toBe(false)
    expect(verifyPassword(hash, 'Correct Horse')).toBe(false)
  })

  it.each([
    ['composed', 'Zo\u00eb\u2019s caf\u00e9', 'Zoe\u0308\u2019s cafe\u0301'],
    [
      'Hangul',
      '\ud55c\uad6d\uc5b4 \ube44\ubc00\ubc88\ud638',
      '\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165 \u1107\u1175\u1106\u1175\u11af\u1107\u1165\u11ab\u1112\u1169',
    ],
  ])('takes the two Unicode spellings of one password as one (NFC): %s', (_, composed, decomposed) => {
    expect(composed).not.toBe(decomposed)
    expect(verifyPassword(hashPassword(composed), decomposed)).toBe(true)
    expect(verifyPassword(hashPassword(decomposed), composed)).toBe(true)
  })

  it('keeps look-alike characters apart, because it normalises by NFC and not by NFKC', () => {
    expect(verifyPassword(hashPassword('ﬁrewall 2000'), 'firewall 2000')).toBe(false)
  })
})

describe('verifyPassword', () => {
  const hash = hashPassword('correct horse')

  it.each([
    ['empty', ''],
    ['no PHC string', 'correct horse'],
    ['argon2i', hash.replace('argon2id', 'argon2i')],
    ['argon2d', hash.replace('argon2id', 'argon2d')],
    ['cut off', hash.slice(0, -1)],
    ['without its tag', hash.slice(0, hash.lastIndexOf('$') + 1)],
    ['other memory', hash.replace('m=19456', 'm=19457')],
    ['too little memory', hash.replace('m=19456', 'm=1')],
    ['memory nobody has', hash.replace('m=19456', 'm=4194304')],
    ['passes of zero', hash.replace('t=2', 't=0')],
    ['another version', hash.replace('v=19', 'v=16')],
    ['bcrypt', '$2b$12$abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyzABCDE'],
    ['an invalid base64', hash.replace(/.{4}$/, '!!!!')],
  ])('refuses every password under a malformed hash: %s', (_, broken) => {
    expect(verifyPassword(broken, 'correct horse')).toBe(false)
    expect(verifyPassword(hash, 'correct horse')).toBe(true)
  })

  it('refuses every password under the hash that stands in for an absent one', () => {
    for (const password of ['', 'x', 'password', 'correct horse', '\0'.repeat(8)])
      expect(verifyPassword(ABSENT_PASSWORD_HASH, password)).toBe(false)
  })
})

describe('needsRehash', () => {
  it('asks for a new hash where the parameters are weaker than those of now', () => {
    expect(needsRehash(hashPassword('correct horse'))).toBe(false)
    expect(needsRehash(ABSENT_PASSWORD_HASH)).toBe(false)
    for (const { hash } of vectors.reference.vectors) expect(needsRehash(hash)).toBe(true)
  })
})

describe('the limits of production (docs/platform-notes.md)', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
    vi.resetModules()
  })

  it('are kept by 200 hashes in one instance, whose memory stays below 64 MiB and does not grow', async () => {
    vi.resetModules()
    const memories: WebAssembly.Memory[] = []
    class Watched extends WebAssembly.Instance {
      constructor(module: WebAssembly.Module) {
        super(module)
        memories.push(this.exports.memory as WebAssembly.Memory)
      }
    }
    vi.stubGlobal('WebAssembly', Object.create(WebAssembly, { Instance: { value: Watched } }))
    const fresh = await import('../../../../src/crypto/password-hash/own-hash.ts')
    const { verifyPassword: verify } = await import('../../../../src/crypto/password-hash/registry.ts')
    const memory = () => memories.reduce((bytes, { buffer }) => bytes + buffer.byteLength, 0)
    const hash = fresh.hashPassword('the first of many')
    verify(hash, 'a guess')
    const afterTwo = memory()
    for (let round = 0; round < 100; round += 1) {
      fresh.hashPassword(`password number ${round} ${'é'.repeat(round)}`)
      verify(hash, `guess number ${round}`)
    }
    expect(memories).toHaveLength(1)
    expect(memory()).toBe(afterTwo)
    expect(memory()).toBeLessThan(64 * 1024 * 1024)
    expect(memory()).toBeGreaterThan(19 * 1024 * 1024)
  }, 60_000)

  it('are kept by imported hashes of 100 MiB, because there is one large memory at a time, and it is not kept', async () => {
    vi.resetModules()
    const sizes: (() => number)[] = []
    class Watched extends WebAssembly.Instance {
      constructor(module: WebAssembly.Module) {
        super(module)
        const memory = this.exports.memory as WebAssembly.Memory
        sizes.push(() => memory.buffer.byteLength)
      }
    }
    const heldWeakly: unknown[] = []
    class Watching<Kept extends WeakKey> extends WeakRef<Kept> {
      constructor(kept: Kept) {
        super(kept)
        heldWeakly.push(kept)
      }
    }
    vi.stubGlobal('WebAssembly', Object.create(WebAssembly, { Instance: { value: Watched } }))
    vi.stubGlobal('WeakRef', Watching)
    const { verifyPassword: verify } = await import('../../../../src/crypto/password-hash/registry.ts')
    const fresh = await import('../../../../src/crypto/password-hash/own-hash.ts')
    const ofMemory = (kib: number) => `imported:0400:$argon2id$v=19$m=${kib},t=1,p=8$c29tZXNhbHQxMjM0$${'A'.repeat(43)}`
    fresh.hashPassword('before')
    for (const kib of [65_536, 102_400, 20_480, 102_400]) {
      expect(verify(ofMemory(kib), 'a guess')).toBe(false)
      fresh.hashPassword('between')
    }
    expect(sizes).toHaveLength(2)
    expect(sizes[1]?.()).toBeGreaterThan(100 * 1024 * 1024)
    expect(sizes[1]?.()).toBeLessThan(101 * 1024 * 1024)
    expect(heldWeakly).toHaveLength(1)
  }, 60_000)

  it('are kept, because nothing is asked of WebCrypto or node:crypto that production caps (PBKDF2 at 100,000 rounds, scrypt at N*r*p of 2^20)', () => {
    const deriveBits = vi.spyOn(crypto.subtle, 'deriveBits')
    const deriveKey = vi.spyOn(crypto.subtle, 'deriveKey')
    verifyPassword(hashPassword('correct horse'), 'correct horse')
    expect(deriveBits).not.toHaveBeenCalled()
    expect(deriveKey).not.toHaveBeenCalled()
  })
})
