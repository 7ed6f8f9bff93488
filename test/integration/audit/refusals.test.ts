import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { REFUSAL_RECORD_INTERVAL_SECONDS, SIGNING_KEY_PUBLISHED_MIN_SECONDS } from '../../../src/config.ts'
import { administrator, signedIn } from '../../support/accounts.ts'
import { expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get } from '../../support/client.ts'
import { rows } from '../../support/database.ts'
import { changedBefore } from '../../support/intercept-env.ts'

type Person = Awaited<ReturnType<typeof signedIn>>
const ask = ({ tokens }: Person, path: string) => get(path, bearer(tokens.accessToken))
const refusals = ({ id }: Person) =>
  rows(
    `select user_id as userId, details ->> 'route' as route, details ->> 'code' as code from audit_events
      where type = 'authorization.refused' and actor_id = ? order by sequence`,
    id,
  )

describe('a refused authorization (ASVS 16.3.2)', () => {
  it('is recorded with the route and the code, and not with the path', async () => {
    const person = await signedIn()
    const victim = await signedIn()
    await expectRefusal(await ask(person, `/users/${victim.id}`), 403, 'forbidden')
    expect(await refusals(person)).toEqual([{ userId: person.id, route: 'GET /users/:id', code: 'forbidden' }])
  })

  it('is recorded once an hour for a route, however often and however fast somebody asks', async () => {
    const person = await signedIn()
    await Promise.all(Array.from({ length: 50 }, () => ask(person, '/users')))
    await ask(person, '/roles')
    expect((await refusals(person)).map(({ route }) => route).sort()).toEqual(['GET /roles', 'GET /users'])
    await rows(
      'update audit_events set at = at - ? where actor_id = ?',
      REFUSAL_RECORD_INTERVAL_SECONDS * 1000,
      person.id,
    )
    await ask(person, '/users')
    expect((await refusals(person)).map(({ route }) => route).sort()).toEqual([
      'GET /roles',
      'GET /users',
      'GET /users',
    ])
  })

  it('is recorded also where the permission goes while the request is under way', async () => {
    const admin = await administrator()
    await rows('update signing_keys set created_at = created_at - ?', SIGNING_KEY_PUBLISHED_MIN_SECONDS * 1000)
    const lose = () => rows('delete from user_roles where user_id = ?', admin.id)
    const meanwhile = changedBefore(env, /^insert into "audit_events"/i, lose)
    const headers = bearer(admin.tokens.accessToken)
    await expectRefusal(await callWorker(meanwhile, 'POST', '/signing-keys/rotation', { headers }), 403, 'forbidden')
    expect(await refusals(admin)).toHaveLength(1)
  })

  it('is no event where nobody is known, or where a login is only too old', async () => {
    const [before] = await rows("select count(*) as n from audit_events where type = 'authorization.refused'")
    await expectRefusal(await get('/users'), 401, 'unauthenticated')
    const [after] = await rows("select count(*) as n from audit_events where type = 'authorization.refused'")
    expect(after).toEqual(before)
  })
})
