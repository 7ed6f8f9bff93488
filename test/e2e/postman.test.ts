import { readFile } from 'node:fs/promises'
import { PostmanValidator } from '@har-sdk/validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listOperations } from '../../src/ui/docs/document.ts'
import { waitForMail } from './support/mailbox.ts'
import { runCollection } from './support/postman.ts'
import { type Service, startService } from './support/service.ts'

let service: Service

beforeAll(async () => {
  service = await startService('--var', 'RATE_LIMITS:off')
})
afterAll(() => service?.stop())

const readJson = async (name: string) => JSON.parse(await readFile(new URL(`../../${name}`, import.meta.url), 'utf8'))

describe('postman.json', () => {
  it('is a collection by the schema of Postman (format 2.1)', async () => {
    expect(await new PostmanValidator().verify(await readJson('postman.json'))).toEqual([])
  })

  it('registers, confirms, logs in, asks, refreshes and logs out, run by the engine of Postman', async () => {
    const collection = await readJson('postman.json')
    const email = `${crypto.randomUUID()}@example.com`
    const environment = { baseUrl: service.origin, email, password: 'four unrelated words here' }
    const [registered] = await runCollection(collection, ['post-auth-register'], environment)
    expect(registered).toMatchObject({ status: 202 })
    const { link } = await waitForMail(service.origin, email, '/verify-email')
    const token = new URL(link).hash.replace('#token=', '')
    const ids = [
      'post-auth-verify-email',
      'post-auth-login',
      'get-auth-session',
      'post-auth-refresh',
      'get-auth-me',
      'post-auth-logout',
      'get-auth-sessions',
    ]
    const sent = await runCollection(collection, ids, { ...environment, token })
    expect(sent.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'post-auth-verify-email 200',
      'post-auth-login 200',
      'get-auth-session 200',
      'post-auth-refresh 200',
      'get-auth-me 200',
      'post-auth-logout 204',
      'get-auth-sessions 401',
    ])
    expect(sent.find(({ id }) => id === 'get-auth-me')?.body).toContain(email)
  })

  it('has every operation, and each is answered by its own route', async () => {
    const [collection, document] = await Promise.all([readJson('postman.json'), readJson('openapi.json')])
    const operations = listOperations(document)
    const environment = { baseUrl: service.origin, id: crypto.randomUUID(), name: 'support' }
    const sent = await runCollection(
      collection,
      operations.map(({ id }) => id),
      environment,
    )
    const statuses = new Map(sent.map(({ id, status }) => [id, status]))
    expect([...statuses.keys()]).toEqual(operations.map(({ id }) => id))
    // Nobody is logged in. An address without a route answers 404, and a method that a route has not answers 405.
    for (const { id, opener } of operations)
      if (opener === null) expect([405, 500, 503], id).not.toContain(statuses.get(id))
      else expect(statuses.get(id), id).toBe(401)
  })
})
