import { createHash, createHmac } from 'node:crypto'
import bcryptjs from 'bcryptjs'
import { isEqualInConstantTime } from '../../domain/constant-time.ts'
import type { PasswordScheme, ReadablePasswordHash } from './scheme.ts'

/** The time of the cost parameter 10. Each more doubles it. */
const MS_AT_COST_10 = 95

/**
 * Plain bcrypt in its three prefixes that mean the same, and as Django marks it. bcrypt reads no more than 72 bytes:
 * the hash of a longer password is that of its first 72 bytes. A NUL ends a password for some of its implementations
 * and is repeated as a part of the key by others, so no password with one has a bcrypt hash here.
 */
export const bcrypt: PasswordScheme = (text) => {
  const [, hash] = /^(?:bcrypt\$)?(\$2[aby]\$\d{2}\$[A-Za-z0-9./]{53})$/.exec(text) ?? []
  return hash === undefined ? null : readBcrypt(hash, (password) => password)
}

/**
 * bcrypt of a digest of the password, which has no limit of 72 bytes: as Django writes it (the hexadecimal SHA-256),
 * and passlib in its first version (SHA-256) and its second (HMAC-SHA-256 under the salt).
 */
export const bcryptSha256: PasswordScheme = (text) => {
  const [, django] = /^bcrypt_sha256\$(\$2[aby]\$\d{2}\$[A-Za-z0-9./]{53})$/.exec(text) ?? []
  if (django !== undefined) return readBcrypt(django, (password) => sha256(password).digest('hex'))
  const [, second, ident, rounds = '', salt = '', tag = ''] =
    /^\$bcrypt-sha256\$(v=2,t=)?(2[aby]),(?:r=)?(\d{1,2})\$([A-Za-z0-9./]{22})\$([A-Za-z0-9./]{31})$/.exec(text) ?? []
  if (ident === undefined) return null
  return readBcrypt(`$${ident}$${rounds.padStart(2, '0')}$${salt}${tag}`, (password) =>
    (second === undefined ? sha256(password) : createHmac('sha256', salt).update(password)).digest('base64'),
  )
}

const sha256 = (password: string) => createHash('sha256').update(password)

function readBcrypt(hash: string, toKey: (password: string) => string): ReadablePasswordHash | null {
  const cost = Number(hash.slice(4, 6))
  if (cost < 4 || cost > 31) return null
  return {
    costMs: MS_AT_COST_10 * 2 ** (cost - 10),
    memoryKib: 0,
    isHashOf: (password) => {
      const key = toKey(password)
      return (
        !key.includes('\0') &&
        isEqualInConstantTime(bcryptjs.hashSync(key, hash.slice(0, 29)).slice(29), hash.slice(29))
      )
    },
  }
}
