import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createClient, suggestPasskeys } from '../../../src/client/index.ts'
import { fakePage } from '../support/fake-page.ts'
import { fakeService, json, SIGNED_IN } from '../support/fake-service.ts'

const OPTIONS = 'POST /auth/passkeys/authentication/options'
const credential = { id: 'credential-1', toJSON: () => ({ id: 'credential-1', type: 'public-key' }) }

let page: ReturnType<typeof fakePage>
/** Ends the life of each suggestion so far. */
let grow: () => void
/** Takes the passkey that is suggested now. */
let choose: (credential: object) => void

beforeEach(() => {
  page = fakePage()
  const lives: AbortController[] = []
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
    const life = new AbortController()
    lives.push(life)
    return life.signal
  })
  grow = () => {
    for (const life of lives.splice(0)) life.abort(new DOMException('too old', 'TimeoutError'))
  }
  const get = ({ signal }: CredentialRequestOptions) =>
    new Promise((resolve, reject) => {
      choose = resolve
      signal?.addEventListener('abort', () => reject(signal.reason))
    })
  vi.stubGlobal('navigator', { credentials: { get } })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

function startSuggestion(signal?: AbortSignal) {
  let tickets = 0
  const service = fakeService({
    [OPTIONS]: () => json({ ticket: `ticket-${++tickets}`, options: { challenge: 'AAAA', rpId: 'example.com' } }),
    'POST /auth/passkeys/authentication': () => json(SIGNED_IN),
  })
  const client = createClient({ baseUrl: 'https://auth.example.com' })
  const suggested = suggestPasskeys(client, signal === undefined ? {} : { signal })
  suggested.catch(() => undefined)
  const hasAsked = (times: number) => vi.waitFor(() => expect(tickets).toBe(times))
  return { ...service, client, suggested, hasAsked, countTickets: () => tickets }
}

describe('a suggested passkey', () => {
  it('is signed for a ticket that is still alive, however long the page was open', async () => {
    const { client, sent, suggested, hasAsked } = startSuggestion()
    await hasAsked(1)
    grow()
    await hasAsked(2)
    choose(credential)
    expect(await suggested).toMatchObject({ status: 'signed_in' })
    expect(sent.at(-1)?.body).toMatchObject({ ticket: 'ticket-2', delivery: 'cookie' })
    client.close()
  })

  it('asks for no ticket while nobody looks at the page', async () => {
    const { client, hasAsked, countTickets } = startSuggestion()
    await hasAsked(1)
    page.show('hidden')
    grow()
    await new Promise((resolve) => setImmediate(resolve))
    expect(countTickets()).toBe(1)
    page.show('visible')
    await hasAsked(2)
    client.close()
  })

  it('ends when the page ends it', async () => {
    const typing = new AbortController()
    const { client, suggested, hasAsked } = startSuggestion(typing.signal)
    await hasAsked(1)
    typing.abort()
    await expect(suggested).rejects.toMatchObject({ name: 'AbortError' })
    client.close()
  })
})
