import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { TOKEN_PERMISSIONS_MAX_BYTES } from '../../../src/config.ts'
import { User } from '../../../src/contracts/users.ts'
import { PERMISSIONS } from '../../../src/domain/permissions.ts'
import { administrator, verified } from '../../support/accounts.ts'
import { answerOf, cookiesOf } from '../../support/answers.ts'
import { bearer, get, logIn, post } from '../../support/client.ts'
import { rows } from '../../support/database.ts'

/** Gives the user as many roles as a user may have, with names as long as may be. `extra` is permitted by the first. */
async function giveEveryRole(userId: string, extra: readonly string[] = []): Promise<void> {
  const names = Array.from({ length: 31 }, (_, index) => `r${crypto.randomUUID().slice(0, 8)}-${index}`.padEnd(32, 'x'))
  for (const name of names) await rows("insert into roles (name, description) values (?, 'Made for a test.')", name)
  for (const permission of extra)
    await rows('insert into role_permissions (role, permission) values (?, ?)', names[0], permission)
  const admin = await administrator()
  // Nobody gives what they do not hold, so the administrator has the permissions of the test too.
  await rows('insert into user_roles (user_id, role) values (?, ?)', admin.id, names[0])
  const { status } = await admin.send('PUT', `/users/${userId}/roles`, { roles: [...names, 'admin'] })
  expect(status).toBe(200)
}
const LONG = Array.from({ length: 20 }, (_, index) => `permission-${index}:`.padEnd(64, 'x'))

describe('an access token', () => {
  it('stays within the 4,096 bytes of a cookie with as many roles as a user may have (RFC 6265 §6.1)', async () => {
    const { id, email, password } = await verified()
    await giveEveryRole(id)
    const cookies = cookiesOf(await post('/auth/login', { identifier: email, password, delivery: 'cookie' }))
    const value = cookies['__Host-access']?.value ?? ''
    expect(decodeJwt(value).roles).toHaveLength(33)
    expect(decodeJwt(value).permissions).toEqual(Object.keys(PERMISSIONS).sort())
    expect(`__Host-access=${value}`.length).toBeLessThan(4096 - TOKEN_PERMISSIONS_MAX_BYTES)
  })

  it('stays within them with as many permissions as it may name beside the longest names of roles', async () => {
    const { id, email } = await verified()
    const room = TOKEN_PERMISSIONS_MAX_BYTES - JSON.stringify([...Object.keys(PERMISSIONS), '']).length
    await giveEveryRole(id, ['x'.repeat(room)])
    const { tokens } = await logIn(email)
    expect(JSON.stringify(decodeJwt(tokens.accessToken).permissions)).toHaveLength(TOKEN_PERMISSIONS_MAX_BYTES)
    // An issuer and an audience of a hundred characters more still fit.
    expect(`__Host-access=${tokens.accessToken}`.length + 2 * 134).toBeLessThan(4096)
  })

  it('names the roles alone where the permissions do not fit, and the database knows them all', async () => {
    const { id, email } = await verified()
    await giveEveryRole(id, LONG)
    const { tokens } = await logIn(email)
    const { roles, permissions } = decodeJwt(tokens.accessToken)
    expect(permissions).toEqual([])
    expect(roles).toHaveLength(33)
    const user = await answerOf(await get('/auth/me', bearer(tokens.accessToken)), User)
    expect(user.permissions).toEqual(expect.arrayContaining(LONG))
    expect(tokens.accessToken.length).toBeLessThan(4000)
  })
})
