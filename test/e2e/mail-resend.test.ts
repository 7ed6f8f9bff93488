import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  deadLetters,
  eventually,
  logLines,
  post,
  query,
  register,
  skipRetryPause,
  startMailService,
} from './support/mail-service.ts'
import type { Service } from './support/service.ts'

/**
 * The first part of an address decides what the API says: either to the first request about that address, or to each.
 */
const FIRST_REFUSED: Readonly<Record<string, { status: number; name: string }>> = {
  busy: { status: 429, name: 'rate_limit_exceeded' },
  broken: { status: 500, name: 'internal_server_error' },
  unpaid: { status: 403, name: 'invalid_api_key' },
}
/** The Worker reads this header only with a 429. */
const PAUSE = { 'Retry-After': '1' }
const ALWAYS_REFUSED: typeof FIRST_REFUSED = { wrong: { status: 422, name: 'validation_error' } }

const refusalOf = (kind: string, isFirst: boolean) =>
  ALWAYS_REFUSED[kind] ?? (isFirst ? FIRST_REFUSED[kind] : undefined)

interface Call {
  url: string
  key: string
  authorization: string
  body: { from: string; to: string[]; subject: string; text: string; html: string }
}

describe('the whole Worker and an HTTP API like Resend', () => {
  const calls: Call[] = []
  /**
   * These are the mails that the API would have sent, by idempotency key. It sends one mail for each key, as Resend
   * promises for 24 hours.
   */
  const sent = new Map<string, Call>()
  const server = createServer((request, response) => void answer(request, response))
  let service: Service
  let [busy, broken, lost, wrong, unpaid] = ['', '', '', '', '']
  /**
   * The first holds the mails that the API took, in order. The second tells how many requests it takes in any second
   * before it asks for a pause.
   */
  const accepted: Call[] = []
  const rate = { limit: Number.POSITIVE_INFINITY, taken: [] as number[], refused: 0 }
  const isTooFast = (): boolean => {
    const now = performance.now()
    rate.taken = rate.taken.filter((at) => at > now - 1_000)
    const isFull = rate.taken.length >= rate.limit
    if (isFull) rate.refused += 1
    else rate.taken.push(now)
    return isFull
  }
  const accept = (call: Call) => {
    accepted.push(call)
    if (!sent.has(call.key)) sent.set(call.key, call)
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const call: Call = {
      url: `${request.method} ${request.url}`,
      key: String(request.headers['idempotency-key']),
      authorization: String(request.headers.authorization),
      body: JSON.parse(Buffer.concat(chunks).toString()),
    }
    calls.push(call)
    const [to = ''] = call.body.to
    const isFirst = callsTo(to).length === 1
    const kind = to.split('-')[0] ?? ''
    const refusal = isTooFast() ? FIRST_REFUSED.busy : refusalOf(kind, isFirst)
    if (refusal === undefined) accept(call)
    if (kind === 'lost' && isFirst) request.socket.destroy()
    else if (refusal === undefined) response.end(JSON.stringify({ id: 'x' }))
    else response.writeHead(refusal.status, PAUSE).end(JSON.stringify({ name: refusal.name, message: `about ${to}` }))
  }
  const callsTo = (email: string) => calls.filter(({ body }) => body.to.includes(email))
  const sentTo = (email: string) => [...sent.values()].filter(({ body }) => body.to.includes(email))

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
    const { port } = server.address() as AddressInfo
    service = await startMailService({
      MAIL_TRANSPORT: 'resend',
      RESEND_API_KEY: 're_test_key',
      RESEND_BASE_URL: `http://localhost:${port}/v1/`,
    })
    busy = await register(service, 'busy')
    broken = await register(service, 'broken')
    lost = await register(service, 'lost')
    wrong = await register(service, 'wrong')
    unpaid = await register(service, 'unpaid')
  })
  afterAll(async () => {
    await service?.stop()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  it('posts a mail with the key and the id of its outbox row', async () => {
    const email = await register(service, 'anna')
    const call = await eventually(() => callsTo(email)[0])
    expect(call).toMatchObject({ url: 'POST /v1/emails', authorization: 'Bearer re_test_key' })
    expect(call.body).toMatchObject({
      from: '"Postern" <no-reply@example.com>',
      to: [email],
      subject: 'Confirm your e-mail address for Postern',
    })
    expect(call.body.text).toContain(`${service.origin}/verify-email#token=`)
    expect(query(service, 'select id, state from outbox where recipient = ?', email)).toMatchObject([{ id: call.key }])
  })

  it('gives up a mail that the API refuses for good with 422', async () => {
    const failed = "select id, last_error from outbox where recipient = ? and state = 'failed'"
    const [row] = await eventually(() => {
      const rows = query(service, failed, wrong)
      return rows.length > 0 ? rows : undefined
    })
    expect(row).toMatchObject({ last_error: 'resend 422 validation_error' })
    const letters = await eventually(() => (deadLetters(service).length > 0 ? deadLetters(service) : undefined))
    expect(letters).toMatchObject([{ outboxId: row?.id, reason: 'resend 422 validation_error' }])
    expect(query(service, "select details from audit_events where type = 'mail.failed'")).toHaveLength(1)
  })

  it.each([
    ['a rate limit (429), which is no try,', () => busy, 1],
    ['a fault of the API (500)', () => broken, 2],
    ['a refused key (403)', () => unpaid, 2],
    ['an answer that is lost', () => lost, 2],
  ])(
    'after %s it is asked again with the same key and the same mail, which is sent once',
    async (_what, email, tries) => {
      if (tries > 1) await skipRetryPause(service, email())
      const [first, second] = await eventually(() => {
        const made = callsTo(email())
        return made.length === 2 ? made : undefined
      })
      expect(second).toEqual(first)
      expect(sentTo(email())).toHaveLength(1)
      await eventually(() => {
        const [row] = query(service, 'select state, attempts from outbox where recipient = ?', email())
        return row?.state === 'delivered' && row.attempts === tries ? true : undefined
      })
    },
  )

  it('sends every mail of a burst once, and resets before sign-ups, although the API takes two mails a second', async () => {
    const registerMany = async (count: number, name: string) => {
      const emails: string[] = []
      while (emails.length < count) emails.push(await register(service, name))
      return emails
    }
    const isSent = (emails: string[], times: number) =>
      emails.every((email) => sentTo(email).length === times) ? true : undefined
    const known = await registerMany(6, 'known')
    await eventually(() => isSent(known, 1))

    // The API takes no mail until all mails are asked for, so that a slow machine does not change the result.
    rate.limit = 0
    const signUps = await registerMany(14, 'burst')
    await eventually(() => rate.refused || undefined)
    for (const email of known) expect((await post(service, '/auth/forgot-password', { email })).status).toBe(202)
    const isNew = accepted.length
    rate.limit = 2
    await eventually(() => isSent(known, 2), 60)
    await eventually(() => isSent(signUps, 1), 60)

    const order = accepted.slice(isNew).filter(({ body }) => [...known, ...signUps].includes(String(body.to[0])))
    expect(new Set(order.map(({ key }) => key)).size).toBe(20)
    expect(order).toHaveLength(20)
    // Only mails whose delivery had begun when the resets were asked for went before them. These are two batches of
    // five.
    const lastReset = order.findLastIndex(({ body }) => known.includes(String(body.to[0])))
    expect(lastReset).toBeLessThan(known.length + 10)
    const tried = "select id from outbox where recipient = ? and state = 'delivered' and attempts = 1"
    await eventually(() =>
      [...known, ...signUps].flatMap((email) => query(service, tried, email)).length === 26 ? true : undefined,
    )
    rate.limit = Number.POSITIVE_INFINITY
  })

  it('logs no address, token, code or key', () => {
    const lines = logLines(service).join('\n')
    expect(lines).toContain('resend 429 rate_limit_exceeded')
    expect(lines).not.toMatch(/example\.org|re_test_key|#token=|about/)
    for (const { body } of calls) expect(lines).not.toContain(/^\d{8}$/m.exec(body.text)?.[0] ?? 'no code')
  })
})
