import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { startService } from './support/service.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

describe('npm start', () => {
  it('prints where everything is, keeps a secret of its own, and stops when it is told to', async () => {
    const service = await startService('--var', 'RATE_LIMITS:off')
    const [, ...addresses] = service.output().split('\n')
    expect(addresses.slice(0, 3).map((line) => line.trim().split(/\s+/))).toEqual([
      ['API', service.origin],
      ['Docs', `${service.origin}/docs`],
      ['Mailbox', `${service.origin}/dev/mailbox`],
    ])
    expect(service.output()).toContain('env.RATE_LIMITS')
    expect(statSync(join(ROOT, '.dev.vars')).mode & 0o777).toBe(0o600)

    expect(await service.stop()).toBe(0)
    await expect(fetch(service.origin)).rejects.toThrow()
  })
})

describe('the pages of production', () => {
  it('have no mailbox', () => {
    const { status } = spawnSync(process.execPath, ['scripts/build-ui.ts'], { cwd: ROOT })
    expect(status).toBe(0)
    expect(existsSync(join(ROOT, 'dist/ui/verify-email.html'))).toBe(true)
    expect(existsSync(join(ROOT, 'dist/ui/dev-mailbox.html'))).toBe(false)
  })
})
