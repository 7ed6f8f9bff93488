import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { permission, reader, token, user } from '../../src/http/guards.ts'
import { answer, route } from '../../src/http/route.ts'
import { createRouter } from '../../src/http/router.ts'

const answers = { 200: answer(z.object({ id: z.string() }), 'Somebody.') }
const stated = { method: 'get', tags: [], summary: 'A route of this test', answers } as const

describe('variables of a route', () => {
  it('are those that its guard adds, and no others', () => {
    createRouter()
      .openapi(route({ ...stated, path: '/public' }), (c) => {
        // @ts-expect-error: a public route has no caller.
        c.get('caller')
        // @ts-expect-error: a public route has no claims of a token.
        c.get('claims')
        expectTypeOf(c.get('requestId')).toEqualTypeOf<string>()
        return c.json({ id: '' }, 200)
      })
      .openapi(route({ ...stated, path: '/token', guard: token() }), (c) => {
        // @ts-expect-error: this guard trusts the token and reads no account.
        c.get('caller')
        return c.json({ id: c.get('claims').sub }, 200)
      })
      .openapi(route({ ...stated, path: '/user', guard: user() }), (c) => {
        // @ts-expect-error: this guard reads the account instead of the claims of the token.
        c.get('claims')
        return c.json({ id: c.get('caller').account.id }, 200)
      })
      .openapi(route({ ...stated, path: '/read', guard: reader() }), (c) => {
        // @ts-expect-error: this guard reads the account only together with what the route reads.
        c.get('caller')
        expectTypeOf(c.get('readAsCaller')).toBeFunction()
        return c.json({ id: c.get('claims').sub }, 200)
      })
      .openapi(route({ ...stated, path: '/admin', guard: permission('audit:read') }), (c) =>
        c.json({ id: c.get('caller').session.id }, 200),
      )
  })
})
