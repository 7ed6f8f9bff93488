import { createCipheriv } from 'node:crypto'
import { isEqualInConstantTime } from '../../domain/constant-time.ts'
import { priceScrypt, runScrypt } from './native-scrypt.ts'
import { type PasswordScheme, readTag } from './scheme.ts'

const FORM =
  /^\$firebase-scrypt\$ln=(\d{1,2}),r=(\d+),sep=([A-Za-z0-9+/=]*),key=([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)$/

/**
 * Firebase's variant of scrypt: the tag is the project's signer key, encrypted by AES-256 in counter mode under what
 * scrypt makes of the password (github.com/firebase/scrypt).
 */
export const firebaseScrypt: PasswordScheme = (text) => {
  const [, log2, rounds, separator = '', key = '', salt = '', hash] = FORM.exec(text) ?? []
  const cost = { n: 2 ** Number(log2), r: Number(rounds), p: 1 }
  const [tag, signerKey] = [readTag(hash, 'base64'), Buffer.from(key, 'base64')]
  const price = priceScrypt(cost)
  if (tag === null || price === null || tag.length !== signerKey.length) return null
  const salted = Buffer.concat([Buffer.from(salt, 'base64'), Buffer.from(separator, 'base64')])
  return {
    ...price,
    isHashOf: (password) => {
      const cipher = createCipheriv(
        'aes-256-ctr',
        runScrypt(password, salted, { ...cost, bytes: 32 }),
        Buffer.alloc(16),
      )
      return isEqualInConstantTime(cipher.update(signerKey), tag)
    },
  }
}
