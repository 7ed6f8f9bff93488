import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { expectRefusal } from '../support/answers.ts'
import { NOON_MS } from '../support/clock.ts'
import { listOperations, samplesOf } from '../support/openapi.ts'
import { freshWorker, membersOf, statusesOf } from '../support/rate-limits.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOON_MS })
})
afterEach(() => {
  vi.useRealTimers()
})

/**
 * These are all operations that try a secret which a person could guess, send a mail, change a factor, or tell whether
 * a name is taken. Each new one belongs here.
 */
const SENSITIVE_OPERATIONS = [
  'POST /auth/register',
  'POST /auth/verify-email',
  'POST /auth/resend-verification',
  'POST /auth/login',
  'POST /auth/login/mfa',
  'POST /auth/login/mfa/email',
  'POST /auth/forgot-password',
  'POST /auth/reset-password',
  'POST /auth/accept-invitation',
  'POST /auth/change-password',
  'POST /auth/change-email',
  'POST /auth/confirm-email-change',
  'POST /auth/not-me',
  'POST /auth/keep-factors',
  'DELETE /users/{id}/factors',
  'PATCH /auth/me',
  'DELETE /auth/me',
  'POST /auth/step-up',
  'POST /auth/step-up/email',
  'POST /auth/mfa/totp',
  'POST /auth/mfa/totp/activate',
  'DELETE /auth/mfa/totp',
  'POST /auth/mfa/recovery-codes',
  'POST /auth/passkeys/registration',
  'POST /auth/passkeys/authentication',
]
/**
 * Of the operations above, these send a mail without a signed-in caller, to an address that the caller names, or once
 * more for each request.
 */
const MAIL_OPERATIONS = [
  'POST /auth/register',
  'POST /auth/resend-verification',
  'POST /auth/login/mfa/email',
  'POST /auth/forgot-password',
  'POST /auth/change-email',
  'POST /auth/step-up/email',
]
/**
 * These take something that looks like a secret or a name. Nobody can guess it, because it has 256 random bits or is
 * the configured secret of a client, or nobody gets to try it without a permission.
 */
const NOT_TO_BE_TRIED = {
  'POST /auth/refresh': 'a refresh token is a MAC; a page may refresh in several tabs',
  'POST /auth/logout': 'ends what its token names, and says nothing',
  'POST /auth/introspect': 'services ask often; a client secret has 32 characters or more',
  'POST /auth/revoke': 'the same',
  'POST /auth/oauth/exchange': 'a code of 256 bits, bound to its verifier; limited as a step of a flow',
  'PATCH /users/{id}': 'only a holder of `users:write` learns whether a username is taken, and may change many users',
} as const
/** Such a member of a body is a secret, the address to which a mail goes, or a name that may be taken. */
const TELLTALES = /^(.*password.*|.*code|.*token|ticket|email|newEmail|identifier|username|secret)$/i

describe('every operation of the OpenAPI document', () => {
  const operations = listOperations().map((operation) => ({
    ...operation,
    name: `${operation.method} ${operation.path}`,
    members: Object.keys((operation.body?.schema.properties ?? {}) as object).concat(
      ((operation.body?.schema.anyOf ?? operation.body?.schema.oneOf ?? []) as { properties?: object }[]).flatMap(
        ({ properties }) => Object.keys(properties ?? {}),
      ),
    ),
  }))
  const bodyFor = ({ body }: (typeof operations)[number]) =>
    body?.mediaTypes.includes('application/json') ? { body: samplesOf(body.schema)[0] } : {}

  it('that takes a secret or an address is listed here as sensitive, or with the reason why it is not', () => {
    const suspects = operations.filter(
      ({ method, members }) => method !== 'GET' && members.some((name) => TELLTALES.test(name)),
    )
    const unlisted = suspects.filter(({ name }) => !SENSITIVE_OPERATIONS.includes(name) && !(name in NOT_TO_BE_TRIED))
    expect(unlisted.map(({ name }) => name)).toEqual([])
    expect(operations.map(({ name }) => name)).toEqual(expect.arrayContaining(SENSITIVE_OPERATIONS))
  })

  it.each(SENSITIVE_OPERATIONS)('%s is limited to five a minute before it asks who is calling', async (name) => {
    const operation = operations.find((candidate) => candidate.name === name)
    if (!operation) throw new Error('not in the document')
    const { ask } = freshWorker()
    const send = () => ask(operation.method, operation.path, '203.0.113.1', bodyFor(operation))
    const first = await send()
    const mailLimits = ['"mail-hourly";q=120;w=3600', '"mail-daily";q=600;w=86400']
    expect(membersOf(first, 'RateLimit-Policy')).toEqual([
      '"global";q=300;w=60',
      '"sensitive";q=5;w=60',
      ...(MAIL_OPERATIONS.includes(name) ? mailLimits : []),
    ])
    expect(await statusesOf(4, send)).not.toContain(429)
    const refused = await send()
    expect(refused.headers.get('Retry-After')).toBe('60')
    await expectRefusal(refused, 429, 'rate_limited')
  })

  // The limit counts before the body is read. So a body that is refused does, and no password is hashed for it.
  const refusedBodyFor = ({ body }: (typeof operations)[number]) => (body === null ? {} : { body: {} })

  it('has a count of its own, so that one route’s requests leave the others alone', async () => {
    const { ask } = freshWorker()
    for (const operation of operations) {
      const path = operation.path.replaceAll(/\{[^}]+\}/g, 'x')
      const response = await ask(operation.method, path, '203.0.113.1', refusedBodyFor(operation))
      const policies = membersOf(response, 'RateLimit-Policy')
      for (const [index, member] of membersOf(response, 'RateLimit').entries()) {
        if (member.startsWith('"global"')) continue
        const quota = Number(/q=(\d+)/.exec(policies[index] ?? '')?.[1])
        expect(member, operation.name).toContain(`r=${quota - 1};`)
      }
    }
  })

  it.each(operations.map(({ name }) => name))(
    '%s documents 429 and counts towards the client’s total',
    async (name) => {
      const operation = operations.find((candidate) => candidate.name === name)
      if (!operation) throw new Error('not in the document')
      const { ask } = freshWorker()
      const path = operation.path.replaceAll(/\{[^}]+\}/g, 'x')
      const response = await ask(operation.method, path, '203.0.113.1', refusedBodyFor(operation))
      expect(membersOf(response, 'RateLimit')[0]).toBe('"global";r=299;t=60')
      if (/^\/(health|\.well-known)/.test(operation.path)) return
      expect(operation.statuses).toContain(429)
    },
  )
})
