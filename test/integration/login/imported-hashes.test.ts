import { describe, expect, it } from 'vitest'
import { readImportedHash } from '../../../src/crypto/password-hash/imported.ts'
import type { HashParameters } from '../../../src/crypto/password-hash/parameters.ts'
import { readHash } from '../../../src/crypto/password-hash/registry.ts'
import { cleanUp } from '../../../src/services/housekeeping.ts'
import { toFloorMs } from '../../../src/services/passwords/floor.ts'
import { keepHashParametersStatement, resealHashParameters } from '../../../src/services/passwords/hash-parameters.ts'
import { findCredentialsForLogin } from '../../../src/storage/accounts/credentials.ts'
import { canLogIn, settings, signedIn, verified } from '../../support/accounts.ts'
import { captureLog } from '../../support/captured-log.ts'
import { bearer, post } from '../../support/client.ts'
import { countRows, rows } from '../../support/database.ts'
import { jobPlatform } from '../../support/outbox.ts'
import { queryOne } from '../../support/stored-state.ts'
import vectors from '../../vectors/imported-hashes.json'

const OWN_HASH = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/
interface Vector {
  madeBy: string
  password: string
  hash: string
  parameters?: HashParameters
}
const VECTORS: readonly Vector[] = vectors.ofSystems.vectors
const find = (maker: string) => VECTORS.find(({ madeBy }) => madeBy.includes(maker)) as Vector
const FIREBASE = find('Firebase') as Vector & { parameters: HashParameters }
const CHEAP = find('$2y$')

/** Gives a verified account the hash of another system, as the import stores it. */
async function withHash({ hash, parameters }: Pick<Vector, 'hash' | 'parameters'>, account = verified()) {
  const read = readHash(hash, parameters)
  if (read.outcome !== 'ok') throw new Error(read.outcome)
  if (parameters !== undefined) await keepHashParametersStatement(jobPlatform(), parameters)
  const { id, email } = await account
  await rows('update users set password_hash = ? where id = ?', read.stored, id)
  return { id, email, stored: read.stored }
}
const passwordOf = (id: string) => queryOne('select password_hash, password_changed_at from users where id = ?', id)
/** Takes the hashes away that a test has left, because a wrong password takes as long as the dearest of them. */
const forgetHashes = () => rows("update users set password_hash = null where password_hash >= 'imported:'")

describe('POST /auth/login with the hash of another system', () => {
  it.each(VECTORS)('signs in, and makes the hash one of this service: $madeBy', async ({ password, ...vector }) => {
    const { id, email, stored } = await withHash(vector)
    const before = await passwordOf(id)
    // A wrong password under the dearest hashes is left out, because it takes as long as they do.
    if ((readImportedHash(stored)?.costMs ?? 0) < 500) {
      expect(await canLogIn(email, `!${password}`)).toBe(false)
      expect(await passwordOf(id)).toEqual(before)
    }
    expect(await canLogIn(email, password)).toBe(true)
    const { password_hash, password_changed_at } = await passwordOf(id)
    expect(password_hash).toMatch(OWN_HASH)
    expect(password_changed_at).toBe(before.password_changed_at)
    expect(await canLogIn(email, password)).toBe(true)
  })

  it('changes no hash that was replaced while its password was verified', async () => {
    const { id, email } = await withHash(CHEAP)
    const login = canLogIn(email, CHEAP.password)
    await rows("update users set password_hash = 'imported:0150:replaced' where id = ?", id)
    await login
    expect((await passwordOf(id)).password_hash).toMatch(/replaced$|^\$argon2id/)
    await forgetHashes()
  })

  it('upgrades it once where both of two logins come at once', async () => {
    const { id, email } = await withHash(CHEAP)
    expect(await Promise.all([canLogIn(email, CHEAP.password), canLogIn(email, CHEAP.password)])).toEqual([true, true])
    expect((await passwordOf(id)).password_hash).toMatch(OWN_HASH)
  })
})

describe('an imported hash where somebody who is signed in is asked for the password once more', () => {
  it.each([CHEAP, FIREBASE])('proves the password: $madeBy', async (vector) => {
    const user = signedIn()
    const { id } = await withHash(vector, user)
    const change = { currentPassword: vector.password, newPassword: 'a new battery staple' }
    const { status } = await post('/auth/change-password', change, bearer((await user).tokens.accessToken))
    expect(status).toBe(204)
    expect((await passwordOf(id)).password_hash).toMatch(OWN_HASH)
  })
})

describe('a wrong password while there are imported hashes (ASVS 6.3.8)', () => {
  it('takes as long for every name as the dearest of them, and no longer than before once they are gone', async () => {
    const { db } = jobPlatform()
    const floorOf = async (email: string) => toFloorMs((await findCredentialsForLogin(db, { email })).dearestHash)
    const { email } = await verified()
    expect([await floorOf(email), await floorOf('nobody@example.com')]).toEqual([0, 0])
    await withHash(CHEAP)
    await withHash(find('bcrypt cost 12'))
    const floors = [await floorOf(email), await floorOf('nobody@example.com')]
    expect(floors).toEqual([570, 570])
    await forgetHashes()
    expect(await floorOf(email)).toBe(0)
  })

  it('reads the dearest of them by an index', async () => {
    const plan = await rows(
      "explain query plan select max(password_hash) from users where password_hash >= 'imported:'",
    )
    expect(JSON.stringify(plan)).toContain('users_imported_hash')
  })
})

describe('the parameters of a Firebase project', () => {
  const { signerKey } = FIREBASE.parameters.firebaseScrypt
  const seals = async () => String((await queryOne('select seals from hash_parameters')).seals)

  it('stand in the database sealed only, and once however often they are imported', async () => {
    const { stored } = await withHash(FIREBASE)
    await withHash(FIREBASE)
    expect(await countRows('hash_parameters', 'true')).toBe(1)
    for (const text of [stored, await seals()]) {
      expect(text).not.toContain(signerKey)
      expect(text).not.toContain(btoa(signerKey).slice(0, 40))
    }
    await forgetHashes()
  })

  it('are sealed anew for the versions of AUTH_SECRET that the list has now', async () => {
    const { email } = await withHash(FIREBASE)
    const platform = jobPlatform()
    const secrets = [{ version: 'v9', secret: new Uint8Array(32).fill(9) }, ...settings.secrets] as const
    await resealHashParameters({ ...platform, settings: { ...platform.settings, secrets } })
    expect(Object.keys(JSON.parse(await seals()) as object)).toContain('v9')
    expect(await canLogIn(email, FIREBASE.password)).toBe(true)
    await resealHashParameters(platform)
    expect(Object.keys(JSON.parse(await seals()) as object)).not.toContain('v9')
  })

  it('that no version of AUTH_SECRET opens let nobody in, and say so in the log', async () => {
    const { id, email, stored } = await withHash(FIREBASE)
    await rows("update hash_parameters set seals = '{}'")
    const log = captureLog()
    expect(await canLogIn(email, FIREBASE.password)).toBe(false)
    expect(log.lines().map(({ message }) => message)).toContain('hash parameters not usable')
    log.release()
    expect((await passwordOf(id)).password_hash).toBe(stored)
    await rows('delete from hash_parameters')
    await forgetHashes()
  })

  it('are deleted when no hash needs them any more, but not within a day of their import', async () => {
    const { email } = await withHash(FIREBASE)
    const kept = () => countRows('hash_parameters', 'true')
    await rows('update hash_parameters set imported_at = 0')
    await cleanUp(jobPlatform())
    expect(await kept()).toBe(1)
    expect(await canLogIn(email, FIREBASE.password)).toBe(true)
    await keepHashParametersStatement(jobPlatform(), FIREBASE.parameters)
    await cleanUp(jobPlatform())
    expect(await kept()).toBe(1)
    await rows('update hash_parameters set imported_at = 0')
    await cleanUp(jobPlatform())
    expect(await kept()).toBe(0)
  })
})
