import { sha1 } from '@noble/hashes/legacy.js'
import { pbkdf2 as derive } from '@noble/hashes/pbkdf2.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { isEqualInConstantTime } from '../../domain/constant-time.ts'
import { type PasswordScheme, readTag } from './scheme.ts'

/** Each digest with what an iteration costs on workerd. Node takes half of it for the first two. */
const DIGESTS = {
  sha1: { hash: sha1, microseconds: 3.2 },
  sha256: { hash: sha256, microseconds: 3.2 },
  sha512: { hash: sha512, microseconds: 5.5 },
} as const

interface Parts {
  digest: keyof typeof DIGESTS
  iterations: number
  salt: string | Buffer
  tag: Buffer | null
}

/** Each form in which a system writes such a hash, and how its parts are read. */
const FORMS: readonly { form: RegExp; read: (parts: readonly string[]) => Parts }[] = [
  {
    // Werkzeug
    form: /^pbkdf2:(sha1|sha256|sha512):(\d+)\$([^$]+)\$([0-9a-f]+)$/,
    read: ([, digest, iterations, salt, tag]) => toParts(digest, iterations, salt, readTag(tag, 'hex')),
  },
  {
    // Django, which calls the older one `pbkdf2_sha1`
    form: /^pbkdf2_(sha1|sha256)\$(\d+)\$([^$]+)\$([A-Za-z0-9+/]+={0,2})$/,
    read: ([, digest, iterations, salt, tag]) => toParts(digest, iterations, salt, readTag(tag, 'base64')),
  },
  {
    // passlib, which leaves the name of SHA-1 out
    form: /^\$pbkdf2(?:-(sha256|sha512))?\$(\d+)\$([A-Za-z0-9./]*)\$([A-Za-z0-9./]+)$/,
    read: ([, digest, iterations, salt = '', tag = '']) =>
      toParts(digest, iterations, fromBase64(fromPasslibBase64(salt)), readTag(fromPasslibBase64(tag), 'base64')),
  },
  {
    // Keycloak, whose columns the export puts together
    form: /^\$keycloak\$pbkdf2(?:-(sha256|sha512))?\$(\d+)\$([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]+={0,2})$/,
    read: ([, digest, iterations, salt = '', tag]) =>
      toParts(digest, iterations, fromBase64(salt), readTag(tag, 'base64')),
  },
]

/** The base64 of passlib has dots in place of plus signs, and no padding. */
const fromPasslibBase64 = (text: string) => text.replaceAll('.', '+')

const fromBase64 = (text: string) => Buffer.from(text, 'base64')

const toParts = (
  digest: string | undefined,
  iterations: string | undefined,
  salt: string | Buffer | undefined,
  tag: Buffer | null,
): Parts => ({ digest: (digest ?? 'sha1') as Parts['digest'], iterations: Number(iterations), salt: salt ?? '', tag })

/**
 * PBKDF2 (RFC 8018 §5.2) as Werkzeug, Django, passlib and Keycloak write it. It runs in JavaScript, because production
 * allows the native one no more than 100,000 iterations (docs/platform-notes.md). Only the first block of a longer tag
 * is computed: each block costs all iterations once more, and the first is beyond guessing by itself.
 */
export const pbkdf2: PasswordScheme = (text) => {
  for (const { form, read } of FORMS) {
    const match = form.exec(text)
    if (match === null) continue
    const { digest, iterations, salt, tag } = read(match)
    if (tag === null || iterations < 1) return null
    const { hash, microseconds } = DIGESTS[digest]
    const wanted = tag.subarray(0, hash.outputLen)
    return {
      costMs: (iterations * microseconds) / 1000,
      memoryKib: 0,
      isHashOf: (password) =>
        isEqualInConstantTime(derive(hash, password, salt, { c: iterations, dkLen: wanted.length }), wanted),
    }
  }
  return null
}
