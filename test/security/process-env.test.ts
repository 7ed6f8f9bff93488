import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'

describe('process.env (ASVS 13.3.1)', () => {
  it('holds no variable of the Worker, so no library can read a secret there', () => {
    const { AUTH_SECRET } = env as unknown as { AUTH_SECRET: string }
    expect(AUTH_SECRET.length).toBeGreaterThan(32)
    expect(JSON.stringify(process.env)).not.toContain(AUTH_SECRET)
    expect(Object.keys(process.env).filter((name) => name in env)).toEqual([])
  })
})
