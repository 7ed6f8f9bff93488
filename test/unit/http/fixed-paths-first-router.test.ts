import { RegExpRouter } from 'hono/router/reg-exp-router'
import { describe, expect, it } from 'vitest'
import { app } from '../../../src/app.ts'
import { FixedPathsFirstRouter } from '../../../src/http/fixed-paths-first-router.ts'

/** Builds a router whose handlers are names, and gives what it finds for a request. */
function routerWith(...routes: [method: string, path: string][]) {
  const router = new FixedPathsFirstRouter<string>()
  for (const [method, path] of routes) router.add(method, path, `${method} ${path}`)
  return (method: string, path: string) => {
    const [handlers, params] = router.match(method, path)
    return handlers.map(([handler, found]) => {
      const values = Object.entries(found).map(([name, at]) => [name, params?.[Number(at)] ?? at])
      return values.length === 0 ? handler : [handler, Object.fromEntries(values)]
    })
  }
}

describe('the router', () => {
  it('takes all routes of the service', () => {
    expect(app.router).toBeInstanceOf(FixedPathsFirstRouter)
    for (const { method, path } of app.routes) expect(() => app.router.match(method, path)).not.toThrow()
    expect(app.router.name).toBe('FixedPathsFirstRouter')
  })

  it('is there because the router of regular expressions alone does not take them', () => {
    const alone = new RegExpRouter<string>()
    expect(() => {
      for (const { method, path } of app.routes) alone.add(method, path, path)
    }).toThrow()
  })

  const find = routerWith(
    ['ALL', '*'],
    ['ALL', '/auth/*'],
    ['GET', '/auth/:provider'],
    ['GET', '/auth/providers'],
    ['POST', '/auth/exchange'],
    ['GET', '/auth/:provider/callback'],
    ['GET', '/authority'],
    ['GET', '/auth'],
  )

  it('prefers a fixed path to a parameter, whichever was added first', () => {
    expect(find('GET', '/auth/providers')).toEqual(['ALL *', 'ALL /auth/*', 'GET /auth/providers'])
  })

  it('finds the middleware of a path, and of those below it, and no other', () => {
    expect(find('GET', '/auth')).toEqual(['ALL *', 'ALL /auth/*', 'GET /auth'])
    expect(find('GET', '/authority')).toEqual(['ALL *', 'GET /authority'])
    expect(find('GET', '/authority')).toEqual(['ALL *', 'GET /authority'])
  })

  it('finds parameters, with the middleware of their paths', () => {
    expect(find('GET', '/auth/google')).toEqual([
      'ALL *',
      'ALL /auth/*',
      ['GET /auth/:provider', { provider: 'google' }],
    ])
    expect(find('GET', '/auth/google/callback')).toEqual([
      'ALL *',
      'ALL /auth/*',
      ['GET /auth/:provider/callback', { provider: 'google' }],
    ])
  })

  it('tries parameters where a fixed path has another method', () => {
    expect(find('GET', '/auth/exchange')).toEqual([
      'ALL *',
      'ALL /auth/*',
      ['GET /auth/:provider', { provider: 'exchange' }],
    ])
  })

  it('finds only middleware for a path or a method that no route has', () => {
    expect(find('GET', '/nowhere')).toEqual(['ALL *'])
    expect(find('PURGE', '/auth/providers')).toEqual(['ALL *', 'ALL /auth/*'])
  })
})
