import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { Body } from '../../../src/http/body.ts'
import { route } from '../../../src/http/route.ts'
import { createRouter } from '../../../src/http/router.ts'

/** Makes a route that notes in which order a request passes its parts, any of which may fail. */
function routeThatNotes({ failing = '', isRefusedAfterwards = false } = {}) {
  const passed: string[] = []
  const pass = (part: string) => {
    passed.push(part)
    if (part === failing) throw new Error(part)
  }
  const body: Body = {
    required: true,
    media: 'text/plain',
    schema: z.unknown(),
    target: null,
    read: async () => pass('body'),
    release: () => pass('release'),
  }
  const statement = route({
    method: 'post',
    path: '/things/{id}',
    tags: [],
    summary: 'A route',
    guard: {
      security: [],
      refuses: [],
      actsByToken: false,
      async check() {
        pass('guard')
        return {}
      },
      checkAnswer() {
        pass('answer')
        if (isRefusedAfterwards) throw new Error('nobody may get this')
      },
    },
    params: z.object({ id: z.string() }).refine(() => pass('params') === undefined),
    body,
    answers: { 204: { description: 'Done.' } },
  })
  const router = createRouter().openapi(statement, (c) => {
    pass('handler')
    return c.body(null, 204)
  })
  router.onError((error, c) => c.text(error.message, 500))
  return { passed, call: async () => await router.request('/things/1', { method: 'POST' }) }
}

describe('a route', () => {
  it('is entered, then read, then handled, and its answer is looked at', async () => {
    const { passed, call } = routeThatNotes()
    expect((await call()).status).toBe(204)
    expect(passed).toEqual(['guard', 'body', 'params', 'handler', 'answer', 'release'])
  })

  it('reads nothing of a request that its guard refuses', async () => {
    const { passed, call } = routeThatNotes({ failing: 'guard' })
    expect(await (await call()).text()).toBe('guard')
    expect(passed).toEqual(['guard', 'release'])
  })

  it.each(['body', 'params', 'handler'])('gives back what reading has taken where it fails: %s', async (failing) => {
    const { passed, call } = routeThatNotes({ failing })
    expect(await (await call()).text()).toBe(failing)
    expect(passed.at(-1)).toBe('release')
    expect(passed).not.toContain('answer')
  })

  it('lets no answer out that its guard does not let out', async () => {
    const { call } = routeThatNotes({ isRefusedAfterwards: true })
    const answer = await call()
    expect([answer.status, await answer.text()]).toEqual([500, 'nobody may get this'])
  })
})
