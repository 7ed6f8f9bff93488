import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { MailError, MailThrottledError, type MailTransport, type OutgoingMail } from '../../../src/mail/message.ts'
import { createBindingTransport } from '../../../src/mail/transports/binding.ts'
import { createResendTransport, RESEND_TIMEOUT_MS } from '../../../src/mail/transports/resend.ts'

const MAIL: OutgoingMail = {
  id: '0198-mail-1',
  from: 'Pförtner <no-reply@example.com>',
  to: 'info@bücher.example',
  subject: 'Grüße',
  text: 'Hallo',
  html: '<p>Hallo</p>',
}

/** Expects a delivery to fail with a MailError that tells nothing private, and answers that error. */
async function failureOf(transport: MailTransport): Promise<MailError> {
  const error = await transport(MAIL).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(MailError)
  const failure = error as MailError
  expect(`${failure.reason}${failure.message}${String(failure.cause ?? '')}`).not.toMatch(
    /@|b(ü|xn--b)cher|Hallo|key-123/,
  )
  return failure
}

function resend(answer: (request: Request) => Promise<Response> | Response, timeoutMs?: number): MailTransport {
  return createResendTransport({
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    apiKey: 'key-123',
    baseUrl: 'https://api.resend.test/',
    fetch: async (input, init) => answer(new Request(input, init)),
  })
}

describe('Resend transport', () => {
  it('posts the mail with its id as the idempotency key', async () => {
    const requests: Request[] = []
    await resend((request) => {
      requests.push(request)
      return Response.json({ id: 'x' })
    })(MAIL)
    expect(requests).toHaveLength(1)
    const [request] = requests
    expect(request?.method).toBe('POST')
    expect(request?.url).toBe('https://api.resend.test/emails')
    expect(request?.headers.get('authorization')).toBe('Bearer key-123')
    expect(request?.headers.get('idempotency-key')).toBe('0198-mail-1')
    expect(await request?.json()).toEqual({
      from: '"Pförtner" <no-reply@example.com>',
      to: ['info@xn--bcher-kva.example'],
      subject: 'Grüße',
      text: 'Hallo',
      html: '<p>Hallo</p>',
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
  })

  it.each([
    [400, 'validation_error', true],
    [401, 'missing_api_key', false],
    [403, 'invalid_api_key', false],
    [403, 'validation_error', false],
    [404, 'not_found', false],
    [408, '', false],
    [409, 'concurrent_idempotent_requests', false],
    [409, 'invalid_idempotent_request', true],
    [413, '', true],
    [422, 'validation_error', true],
    [422, 'invalid_from_address', false],
    [429, 'rate_limit_exceeded', false],
    [429, 'daily_quota_exceeded', false],
    [500, 'internal_server_error', false],
    [503, '', false],
    [302, '', false],
  ])('classifies %d %s as permanent: %s', async (status, name, permanent) => {
    const body = { statusCode: status, name, message: 'info@bücher.example is wrong' }
    const failure = await failureOf(resend(() => new Response(JSON.stringify(body), { status })))
    expect(failure.permanent).toBe(permanent)
    expect(failure.reason).toBe(`resend ${status} ${name}`.trim())
  })

  it.each([
    ['2', 2_000],
    ['0', 1_000],
    [' 7 ', 7_000],
    ['86400', 3_600_000],
    [null, 30_000],
    ['', 30_000],
    ['soon', 30_000],
    ['-1', 30_000],
    ['1.5', 30_000],
    ['9'.repeat(400), 3_600_000],
  ])('takes no mail after 429 with Retry-After %j for %d ms', async (retryAfter, waitMs) => {
    const headers: HeadersInit = retryAfter === null ? {} : { 'Retry-After': retryAfter }
    const failure = await failureOf(
      resend(() => Response.json({ name: 'rate_limit_exceeded' }, { status: 429, headers })),
    )
    expect(failure).toBeInstanceOf(MailThrottledError)
    expect(failure).toMatchObject({ waitMs, permanent: false })
  })

  it('takes no mail after 429 until the date that Retry-After names (RFC 9110 §10.2.3)', async () => {
    const headers = { 'Retry-After': new Date(Date.now() + 90_000).toUTCString() }
    const failure = await failureOf(resend(() => new Response('', { status: 429, headers })))
    expect((failure as MailThrottledError).waitMs).toBeGreaterThan(60_000)
    expect((failure as MailThrottledError).waitMs).toBeLessThanOrEqual(90_000)
  })

  it('classifies by the status also when the body is not JSON', async () => {
    expect(await failureOf(resend(() => new Response('<html>', { status: 502 })))).toMatchObject({ permanent: false })
  })

  it('classifies an API that is unreachable as temporary', async () => {
    const failure = await failureOf(resend(() => Promise.reject(new TypeError('connect info@bücher.example'))))
    expect(failure).toMatchObject({ permanent: false, reason: 'resend unreachable' })
  })

  it('gives up after 10 s on an answer that does not come, and classifies that as temporary', async () => {
    expect(RESEND_TIMEOUT_MS).toBe(10_000)
    const failure = await failureOf(
      resend(
        (request) =>
          new Promise((_resolve, reject) => {
            request.signal.addEventListener('abort', () => reject(request.signal.reason))
          }),
        50,
      ),
    )
    expect(failure).toMatchObject({ permanent: false, reason: 'resend timeout' })
  })
})

describe('Cloudflare binding transport', () => {
  it('sends a mail that the platform accepts', async () => {
    const mail = { ...MAIL, to: 'anna@example.org' }
    await expect(createBindingTransport((env as { SEND_EMAIL: SendEmail }).SEND_EMAIL)(mail)).resolves.toBeUndefined()
  })

  it('hands over name, address and parts, and only headers the platform allows', async () => {
    const sent: unknown[] = []
    await createBindingTransport({ send: async (message) => sent.push(message) })(MAIL)
    expect(sent).toEqual([
      {
        from: { name: 'Pförtner', email: 'no-reply@example.com' },
        to: 'info@xn--bcher-kva.example',
        subject: 'Grüße',
        text: 'Hallo',
        html: '<p>Hallo</p>',
        headers: { 'Auto-Submitted': 'auto-generated' },
      },
    ])
  })

  it.each([
    ['E_RECIPIENT_SUPPRESSED', true],
    ['E_SENDER_NOT_VERIFIED', false],
    ['E_SENDER_DOMAIN_NOT_AVAILABLE', false],
    ['E_RECIPIENT_NOT_ALLOWED', false],
    ['E_VALIDATION_ERROR', true],
    ['E_RATE_LIMIT_EXCEEDED', false],
    ['E_DAILY_LIMIT_EXCEEDED', false],
    ['E_INTERNAL_SERVER_ERROR', false],
    ['E_DELIVERY_FAILED', false],
    ['E_SOMETHING_NEW', false],
  ])('classifies %s as permanent: %s', async (code, permanent) => {
    const error = Object.assign(new Error('info@bücher.example'), { code })
    const failure = await failureOf(createBindingTransport({ send: () => Promise.reject(error) }))
    expect(failure).toMatchObject({ permanent, reason: `binding ${code}` })
  })

  it.each(['E_RATE_LIMIT_EXCEEDED', 'E_DAILY_LIMIT_EXCEEDED'])('takes no mail for a while after %s', async (code) => {
    const failure = await failureOf(
      createBindingTransport({ send: () => Promise.reject(Object.assign(new Error('limit'), { code })) }),
    )
    expect(failure).toBeInstanceOf(MailThrottledError)
    expect(failure).toMatchObject({ waitMs: 30_000 })
  })

  it('classifies an error without a code as temporary, and does not repeat its message', async () => {
    const failure = await failureOf(
      createBindingTransport({ send: () => Promise.reject(new Error('info@bücher.example')) }),
    )
    expect(failure).toMatchObject({ permanent: false, reason: 'binding failure' })
  })
})
