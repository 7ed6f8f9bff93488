import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'

describe('process.env (ASVS 13.3.1)', () => {
  it('holds no variable of the Worker, so no library can read a secret there', () => {
    const held = JSON.stringify(process.env)
    expect(env.AUTH_SECRET.length).toBeGreaterThan(32)
    expect(held).not.toContain(env.AUTH_SECRET)
    expect(Object.keys(process.env).filter((name) => name in env)).toEqual([])
  })
})
