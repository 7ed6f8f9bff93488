import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { SIGNING_KEY_PUBLISHED_MIN_SECONDS } from '../../../src/config.ts'
import { listOf } from '../../../src/contracts/lists.ts'
import { SigningKeyView } from '../../../src/contracts/signing-keys.ts'
import { administrator, signedIn } from '../../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get } from '../../support/client.ts'
import { rows } from '../../support/database.ts'
import { changedBefore } from '../../support/intercept-env.ts'

type Person = Awaited<ReturnType<typeof administrator>>
const keys = async (admin: Person) =>
  (await answerOf(await admin.send('GET', '/signing-keys'), listOf(SigningKeyView))).items
const rotate = (admin: Person) => admin.send('POST', '/signing-keys/rotation')
const kidOf = (token: string) => (JSON.parse(atob(token.split('.')[0] ?? '')) as { kid: string }).kid

const rotations = () => rows("select actor_id, details from audit_events where type = 'signing_key.rotated'")

let admin: Person
beforeEach(async () => {
  admin = await administrator()
  await rows('update signing_keys set created_at = created_at - ?', SIGNING_KEY_PUBLISHED_MIN_SECONDS * 1000)
})

describe('GET /signing-keys', () => {
  it('names the key that signs and the one that is published ahead, and no private part', async () => {
    const response = await admin.send('GET', '/signing-keys')
    const text = await response.clone().text()
    const { items } = await answerOf(response, listOf(SigningKeyView))
    expect(items.filter(({ state }) => state === 'current').map(({ kid }) => kid)).toEqual([
      kidOf(admin.tokens.accessToken),
    ])
    expect(items.filter(({ state }) => state === 'next')).toHaveLength(1)
    for (const { signsUntil, verifiesUntil } of items)
      expect(Date.parse(verifiesUntil)).toBeGreaterThan(Date.parse(signsUntil))
    expect(text).not.toMatch(/"d"|seals|sealed/)
  })

  it('shows a key that no secret of the deployment opens', async () => {
    const kid = kidOf(admin.tokens.accessToken)
    const [key] = await rows('select seals from signing_keys where kid = ?', kid)
    await rows("update signing_keys set seals = '{}' where kid = ?", kid)
    const found = (await keys(admin)).find((item) => item.kid === kid)
    await rows('update signing_keys set seals = ? where kid = ?', key?.seals, kid)
    expect(found?.state).toBe('unusable')
  })
})

describe('POST /signing-keys/rotation', () => {
  it('lets the published key sign and makes another next one; what the former signed stays valid', async () => {
    const before = await keys(admin)
    const next = before.find(({ state }) => state === 'next')?.kid
    const published = JSON.stringify(await (await get('/.well-known/jwks.json')).json())
    expect(published).toContain(next)
    await expectNoContent(await rotate(admin))
    const after = await keys(admin)
    const stateOf = (kid = '') => after.find((key) => key.kid === kid)?.state
    expect([stateOf(next), stateOf(kidOf(admin.tokens.accessToken))]).toEqual(['current', 'former'])
    expect(after.filter(({ state }) => state === 'next')).toHaveLength(1)
    const person = await signedIn()
    expect(kidOf(person.tokens.accessToken)).toBe(next)
    expect((await get('/auth/me', bearer(admin.tokens.accessToken))).status).toBe(200)
    expect(await rotations()).toContainEqual({ actor_id: admin.id, details: JSON.stringify({ kid: next }) })
  })

  it('takes the place after every key of the period, those that no secret of the deployment opens among them', async () => {
    const to = (await keys(admin)).find(({ state }) => state === 'next')?.kid
    await rows(
      `insert into signing_keys (period, ordinal, kid, public_jwk, seals, created_at)
        select period, 7, 'foreign', public_jwk, '{}', created_at from signing_keys where kid = ?`,
      kidOf(admin.tokens.accessToken),
    )
    await expectNoContent(await rotate(admin))
    const [promoted] = await rows('select ordinal from signing_keys where kid = ?', to)
    await rows("delete from signing_keys where kid = 'foreign'")
    expect(promoted).toEqual({ ordinal: 8 })
    expect(kidOf((await signedIn()).tokens.accessToken)).toBe(to)
  })

  it('has one effect of fifty at once', async () => {
    const [before, recorded] = [(await keys(admin)).length, (await rotations()).length]
    const answers = await Promise.all(Array.from({ length: 50 }, () => rotate(admin)))
    const [won = [], lost = []] = [204, 409].map((wanted) => answers.filter(({ status }) => status === wanted))
    expect([won.length, lost.length]).toEqual([1, 49])
    for (const answer of lost) await expectRefusal(answer, 409, 'next_key_too_new')
    const after = await keys(admin)
    expect(after.filter(({ state }) => state === 'next')).toHaveLength(1)
    expect([after.length - before, (await rotations()).length - recorded]).toEqual([1, 1])
  })

  it('is refused to an administrator who loses the permission meanwhile, and changes nothing', async () => {
    const before = await keys(admin)
    const lose = () => rows('delete from user_roles where user_id = ?', admin.id)
    const meanwhile = changedBefore(env, /^insert into "audit_events"/i, lose)
    const headers = bearer(admin.tokens.accessToken)
    await expectRefusal(await callWorker(meanwhile, 'POST', '/signing-keys/rotation', { headers }), 403, 'forbidden')
    expect(await keys(await administrator())).toEqual(before)
  })
})
