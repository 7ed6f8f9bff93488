import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, startServiceIn } from './support/service.ts'

describe('npm start', () => {
  it('prints where everything is, keeps a secret of its own, answers in plain English, and stops when it is told to', async () => {
    const service = await startServiceIn(ROOT, '--var', 'RATE_LIMITS:off')
    const [, ...addresses] = service.output().split('\n')
    expect(addresses.slice(0, 4).map((line) => line.trim().split(/\s+/))).toEqual([
      ['API', service.origin],
      ['Docs', `${service.origin}/docs`],
      ['Console', `${service.origin}/console`, '(its', 'first', 'administrator:', `${service.origin}/dev/first-admin)`],
      ['Mailbox', `${service.origin}/dev/mailbox`],
    ])
    expect(service.output()).toContain('env.RATE_LIMITS')
    expect(statSync(join(ROOT, '.dev.vars')).mode & 0o777).toBe(0o600)

    const body = JSON.stringify({ identifier: '', password: 1 })
    const headers = { 'Content-Type': 'application/json' }
    const refused = await fetch(`${service.origin}/auth/login`, { method: 'POST', headers, body })
    expect(((await refused.json()) as { errors: unknown }).errors).toEqual([
      { path: 'identifier', message: 'Too small: expected string to have >=1 characters' },
      { path: 'password', message: 'Invalid input: expected string, received number' },
    ])
    const document = await fetch(`${service.origin}/openapi.json`)
    expect(Object.keys(((await document.json()) as { paths: object }).paths)).toContain('/auth/login')

    expect(await service.stop()).toBe(0)
    await expect(fetch(service.origin)).rejects.toThrow()
  })
})

describe('the pages of production', () => {
  it('have no mailbox, and no page that makes an administrator', () => {
    const { status } = spawnSync(process.execPath, ['scripts/build-ui.ts'], { cwd: ROOT })
    expect(status).toBe(0)
    expect(existsSync(join(ROOT, 'dist/ui/verify-email.html'))).toBe(true)
    expect(existsSync(join(ROOT, 'dist/ui/dev-mailbox.html'))).toBe(false)
    expect(existsSync(join(ROOT, 'dist/ui/dev-first-admin.html'))).toBe(false)
  })
})
