import { exports } from 'cloudflare:workers'
import type { InferRequestType, InferResponseType } from 'hono/client'
import { hc } from 'hono/client'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { AppType } from '../../src/app.ts'
import { newEmail, ORIGIN, PASSWORD } from '../support/client.ts'

const client = hc<AppType>(ORIGIN, {
  fetch: (input: RequestInfo | URL, init?: RequestInit) => exports.default.fetch(input, init),
})

type Login = typeof client.auth.login.$post
type Tokens = {
  tokenType: 'Bearer'
  accessToken: string
  expiresIn: number
  refreshToken: string
  refreshExpiresIn: number
}

describe('hc<AppType>()', () => {
  it('knows the body of each request', () => {
    expectTypeOf<InferRequestType<Login>['json']>().toEqualTypeOf<{
      identifier: string
      password: string
      delivery?: 'cookie' | 'body' | undefined
    }>()
    expectTypeOf<InferRequestType<typeof client.auth.register.$post>['json']>().toEqualTypeOf<{
      email: string
      password: string
      username?: string | undefined
      name?: string | undefined
    }>()
    expectTypeOf<InferRequestType<(typeof client.auth)['change-password']['$post']>['json']>().toEqualTypeOf<{
      currentPassword: string
      newPassword: string
    }>()
    // @ts-expect-error: a login needs a password.
    expectTypeOf<{ json: { identifier: string } }>().toExtend<InferRequestType<Login>>()
  })

  it('tells the answers apart by their status', () => {
    type Answer = InferResponseType<Login, 200>
    expectTypeOf<Answer['status']>().toEqualTypeOf<'signed_in' | 'mfa_required'>()
    expectTypeOf<Extract<Answer, { status: 'signed_in' }>['tokens']>().toEqualTypeOf<Tokens | undefined>()
    expectTypeOf<Extract<Answer, { status: 'mfa_required' }>['ticket']>().toEqualTypeOf<string>()
    expectTypeOf<InferResponseType<typeof client.auth.register.$post, 202>>().toEqualTypeOf<{
      status: 'verification_sent'
    }>()
    expectTypeOf<InferResponseType<typeof client.auth.me.$get, 200>['mfa']>().toEqualTypeOf<{
      totp: boolean
      passkeys: number
      recoveryCodesLeft: number
    }>()
  })

  it('knows parameters of paths and queries', () => {
    type End = InferRequestType<(typeof client.auth.sessions)[':id']['$delete']>
    expectTypeOf<End['param']>().toEqualTypeOf<{ id: string }>()
    type List = InferResponseType<typeof client.auth.sessions.$get, 200>
    expectTypeOf<List['nextCursor']>().toEqualTypeOf<string | null>()
    expectTypeOf<List['items'][number]['current']>().toEqualTypeOf<boolean>()
  })

  it('knows every route of the chain, from the first to the last', () => {
    expectTypeOf(client.health.$get).toBeFunction()
    expectTypeOf(client['.well-known']['jwks.json'].$get).toBeFunction()
    expectTypeOf(client.auth['verify-email'].$post).toBeFunction()
    expectTypeOf(client.auth['confirm-email-change'].$post).toBeFunction()
    expectTypeOf(client.auth.login.mfa.email.$post).toBeFunction()
    expectTypeOf(client.auth.me.$patch).toBeFunction()
    // @ts-expect-error: this route does not exist.
    expectTypeOf(client.auth.nothing).not.toBeAny()
  })

  it('calls the Worker', async () => {
    const registered = await client.auth.register.$post({ json: { email: newEmail(), password: PASSWORD } })
    expect(registered.status).toBe(202)
    const refused = await client.auth.login.$post({ json: { identifier: 'nobody', password: PASSWORD } })
    expect(refused.status).toBe(401)
    const health = await client.health.$get()
    expect(await health.json()).toMatchObject({ status: 'ok' })
  })
})
