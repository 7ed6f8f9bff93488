import { describe, expect, it } from 'vitest'
import { unstable_readConfig } from 'wrangler'

/** Reads what `wrangler.toml` sets for an environment, with what that environment inherits. */
const readConfig = (env: string) => unstable_readConfig({ config: 'wrangler.toml', env })

describe('wrangler.toml', () => {
  it.each(['production', 'development'])('%s: Cloudflare’s own logs keep no URL (ASVS 14.2.1, 16.2.5)', (env) => {
    const { observability } = readConfig(env)
    expect(observability).toMatchObject({ enabled: true, redact_query_string: true })
    expect(observability?.logs).toMatchObject({ enabled: true, invocation_logs: false })
    expect(observability?.traces?.enabled ?? false).toBe(false)
  })

  it.each(['production', 'development'])('%s: no secret is copied into process.env', (env) => {
    expect(readConfig(env).compatibility_flags).toContain('nodejs_compat_do_not_populate_process_env')
  })

  it('production: a request that never ends is stopped long before Cloudflare’s own limit', () => {
    const { limits } = readConfig('production')
    expect(limits?.cpu_ms).toBeGreaterThanOrEqual(500)
    expect(limits?.cpu_ms).toBeLessThanOrEqual(10_000)
  })
})
