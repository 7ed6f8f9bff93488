import { isEqualInConstantTime } from '../../domain/constant-time.ts'
import { priceScrypt, runScrypt, type ScryptCost } from './native-scrypt.ts'
import { type PasswordScheme, readTag } from './scheme.ts'

interface Parts extends ScryptCost {
  salt: string | Buffer
  tag: Buffer | null
  /** What the system does to a password before it hashes it. */
  normalise?: (password: string) => string
}

/** Each form in which a system writes such a hash, and how its parts are read. */
const FORMS: readonly { form: RegExp; read: (parts: readonly string[]) => Parts }[] = [
  {
    // Werkzeug
    form: /^scrypt:(\d+):(\d+):(\d+)\$([^$]+)\$([0-9a-f]+)$/,
    read: ([, n, r, p, salt = '', tag]) => ({ ...toCost(n, r, p), salt, tag: readTag(tag, 'hex') }),
  },
  {
    // Django
    form: /^scrypt\$(\d+)\$([^$]+)\$(\d+)\$(\d+)\$([A-Za-z0-9+/]+={0,2})$/,
    read: ([, n, salt = '', r, p, tag]) => ({ ...toCost(n, r, p), salt, tag: readTag(tag, 'base64') }),
  },
  {
    // passlib
    form: /^\$scrypt\$ln=(\d{1,2}),r=(\d+),p=(\d+)\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]+)$/,
    read: ([, log2, r, p, salt = '', tag]) => ({
      ...toCost(2 ** Number(log2), r, p),
      salt: Buffer.from(salt, 'base64'),
      tag: readTag(tag, 'base64'),
    }),
  },
  {
    // better-auth, and Lucia 2 with `s2:` before it. The salt is the text itself, and not what its digits mean.
    form: /^(?:s2:)?([A-Za-z0-9]{16,64}):([0-9a-f]{128})$/,
    read: ([, salt = '', tag]) => ({
      ...{ n: 16384, r: 16, p: 1, salt, tag: readTag(tag, 'hex') },
      normalise: (password) => password.normalize('NFKC'),
    }),
  },
]

const toCost = (n: string | number | undefined, r: string | undefined, p: string | undefined): ScryptCost => ({
  n: Number(n),
  r: Number(r),
  p: Number(p),
})

/** Scrypt (RFC 7914) as Werkzeug, Django, passlib, better-auth and Lucia write it. */
export const scrypt: PasswordScheme = (text) => {
  for (const { form, read } of FORMS) {
    const match = form.exec(text)
    if (match === null) continue
    const { salt, tag, normalise, ...cost } = read(match)
    const price = priceScrypt(cost)
    if (tag === null || price === null) return null
    return {
      ...price,
      isHashOf: (password) =>
        isEqualInConstantTime(runScrypt(normalise?.(password) ?? password, salt, { ...cost, bytes: tag.length }), tag),
    }
  }
  return null
}
