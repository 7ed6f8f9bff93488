import { describe, expect, it } from 'vitest'
import { signedIn } from '../../support/accounts.ts'
import { expectRefusal } from '../../support/answers.ts'
import { ORIGIN, send } from '../../support/client.ts'
import { ask, base64, basic, fetchWorker, ODD, SERVICE, withClients } from '../../support/services.ts'
import { accountState } from '../../support/stored-state.ts'

const formEncode = (text: string) => new URLSearchParams({ x: text }).toString().slice(2)
const ENDPOINTS = ['/auth/introspect', '/auth/revoke']

describe.each(ENDPOINTS)('POST %s: who may ask (RFC 7662 §2.1, RFC 6749 §2.3.1)', (path) => {
  it.each<[string, Record<string, string>]>([
    ['no credentials', { Authorization: '' }],
    ['an unknown id', { Authorization: basic('nobody', SERVICE.secret) }],
    ['a wrong secret', { Authorization: basic(SERVICE.id, `${SERVICE.secret}x`) }],
    ["another service's secret", { Authorization: basic(SERVICE.id, ODD.secret) }],
    ['an empty secret', { Authorization: basic(SERVICE.id, '') }],
    ['an empty id', { Authorization: basic('', SERVICE.secret) }],
    ['nothing but a colon', { Authorization: basic('', '') }],
    ['no colon', { Authorization: `Basic ${base64(SERVICE.id)}` }],
    ['no Base64', { Authorization: 'Basic %%%' }],
    ['Basic alone', { Authorization: 'Basic' }],
    ['another scheme', { Authorization: `Bearer ${SERVICE.secret}` }],
    ['the id in other letters', { Authorization: basic(SERVICE.id.toUpperCase(), SERVICE.secret) }],
  ])('refuses %s, before it reads the token (ASVS 8.2.1)', async (_, headers) => {
    const { tokens } = await signedIn()
    const before = await accountState()
    const response = await ask(path, { token: tokens.accessToken }, headers)
    expect(response.headers.get('WWW-Authenticate')).toBe('Basic realm="postern", charset="UTF-8"')
    const problem = await expectRefusal(response, 401, 'invalid_client')
    expect(problem.error).toBe('invalid_client')
    expect(await accountState()).toEqual(before)
  })

  it('refuses credentials in the body, and the token itself as a credential', async () => {
    const { tokens } = await signedIn()
    const form = { token: tokens.accessToken, client_id: SERVICE.id, client_secret: SERVICE.secret }
    expect((await ask(path, form, { Authorization: '' })).status).toBe(401)
    expect((await ask(path, form, { Authorization: `Bearer ${tokens.accessToken}` })).status).toBe(401)
  })

  it('refuses everybody where no client is configured', async () => {
    for (const authorization of [basic(SERVICE.id, SERVICE.secret), basic('', '')]) {
      const headers = { Authorization: authorization, 'Content-Type': 'application/x-www-form-urlencoded' }
      expect((await send('POST', path, { headers })).status).toBe(401)
    }
  })

  it.each([
    ['form-encoded', formEncode],
    ['percent-encoded', encodeURIComponent],
    ['as they are, as curl does', (text: string) => text],
  ])('takes an id and a secret of any characters, %s', async (_, spell) => {
    const authorization = basic(spell(ODD.id), spell(ODD.secret))
    expect((await ask(path, { token: 'x' }, { Authorization: authorization })).status).toBe(200)
  })

  it('takes a Base64 secret that the client did not form-encode', async () => {
    const secret = 'q+z/8A==q+z/8A==q+z/8A==q+z/8A=='
    const bindings = withClients({ id: 'curl', secret })
    const answer = await ask(path, { token: 'x' }, { Authorization: basic('curl', secret) }, bindings)
    expect(answer.status).toBe(200)
  })
})

describe.each(ENDPOINTS)('POST %s: the form (RFC 6749 §3.2)', (path) => {
  const twice = [{ path: '', message: 'Send each parameter once.' }]
  it.each([
    ['without a token', '', 'token', 'Send this parameter.'],
    ['with an empty token', 'token=', 'token', 'Send this parameter.'],
    ['with two tokens', 'token=a&token=b', '', twice[0]?.message],
    ['with two hints', 'token=a&token_type_hint=x&token_type_hint=y', '', twice[0]?.message],
  ])('refuses one %s', async (_, body, name, message) => {
    const problem = await expectRefusal(await ask(path, body), 400, 'invalid_request')
    expect(problem).toMatchObject({ error: 'invalid_request', errors: [{ path: name, message }] })
  })

  it.each([
    'application/json',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded; charset=iso-8859-1',
    '',
  ])('refuses the media type "%s"', async (type) => {
    const answer = await ask(path, 'token=a', { 'Content-Type': type })
    await expectRefusal(answer, 415, 'unsupported_media_type')
  })

  it.each(['application/x-www-form-urlencoded; charset=UTF-8', 'APPLICATION/X-WWW-FORM-URLENCODED'])(
    'takes the media type %s',
    async (type) => {
      expect((await ask(path, 'token=a', { 'Content-Type': type })).status).toBe(200)
    },
  )

  it('refuses a large body, and answers that an oversized token is inactive', async () => {
    expect((await ask(path, `token=${'a'.repeat(9000)}`)).status).toBe(413)
    expect((await ask(path, `token=${'a'.repeat(4097)}`)).status).toBe(400)
  })

  it('stops reading a body that goes on for ever, and reads one that comes in pieces', async () => {
    const stream = async (chunk: string, chunks: number) => {
      let pulled = 0
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled += 1
          if (pulled > chunks) controller.close()
          else controller.enqueue(new TextEncoder().encode(chunk))
        },
      })
      const headers = {
        Authorization: basic(SERVICE.id, SERVICE.secret),
        'Content-Type': 'application/x-www-form-urlencoded',
      }
      const response = await fetchWorker(new Request(`${ORIGIN}${path}`, { method: 'POST', headers, body }))
      return { response, pulled }
    }
    const endless = await stream('a'.repeat(1024), 100_000)
    await expectRefusal(endless.response, 413, 'body_too_large')
    expect(endless.pulled).toBeLessThan(20)
    expect((await stream('token=a&x=', 1)).response.status).toBe(200)
    const pieces = await stream('a', 100)
    await expectRefusal(pieces.response, 400, 'invalid_request')
  })

  it('refuses a body by the length it states, before any of it is read', async () => {
    const answer = await ask(path, `token=${'a'.repeat(9000)}`, { 'Content-Type': 'text/plain' })
    await expectRefusal(answer, 413, 'body_too_large')
  })

  it('ignores parameters that it does not know, and a hint that is wrong (RFC 7662 §2.1, RFC 7009 §2.1)', async () => {
    const { tokens } = await signedIn()
    const form = { token: tokens.accessToken, token_type_hint: 'refresh_token', resource: 'https://api.example.com' }
    expect((await ask(path, form)).status).toBe(200)
  })
})
