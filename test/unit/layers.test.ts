import { describe, expect, it } from 'vitest'
import { findLayerViolations } from '../../scripts/lib/layers.ts'

const violationsOf = (path: string, source: string) => findLayerViolations(path, source).map(({ rule }) => rule)

describe('the direction of the layers', () => {
  it.each([
    ['src/routes/login.ts', `import { findUser } from '../storage/users.ts'`],
    ['src/routes/login.ts', `import type { User } from '../storage/users.ts'`],
    ['src/routes/login.ts', `import { hash } from '../crypto/hash.ts'`],
    ['src/routes/account/login.ts', `import {\n  a,\n  b,\n} from '../../storage/users.ts'`],
    ['src/services/login/login.ts', `import { problem } from '../../http/problem.ts'`],
    ['src/services/login/login.ts', `export * from '../../routes/login.ts'`],
    ['src/storage/users.ts', `import { hash } from '../crypto/hash.ts'`],
    ['src/crypto/hash.ts', `import { log } from '../platform/log.ts'`],
    ['src/crypto/hash.ts', `const log = await import('../platform/log.ts')`],
    ['src/mail/smtp.ts', `import '../platform/log.ts'`],
    ['src/oauth-providers/google.ts', `import { findUser } from '../storage/users.ts'`],
    ['src/platform/log.ts', `import { render } from '../mail/render.ts'`],
    ['src/http/problem.ts', `import { login } from '../routes/login.ts'`],
    ['src/jobs/sweep.ts', `import { outbox } from '../storage/outbox.ts'`],
    ['src/rpc/auth-rpc.ts', `import { verify } from '../crypto/token.ts'`],
    ['src/durable-objects/throttle.ts', `import { login } from '../services/login.ts'`],
    ['src/contracts/login.ts', `import { Refusal } from '../errors.ts'`],
    ['src/client/client.ts', `import { AppType } from '../app.ts'`],
    ['src/ui/pages/account.ts', `import { parseSettings } from '../../env.ts'`],
    ['src/errors.ts', `import { problem } from './http/problem.ts'`],
    ['src/index.ts', `import { login } from './services/login.ts'`],
    ['src/app.ts', `import { login } from './services/login.ts'`],
    ['src/services/login/login.ts', `import { Hono } from 'hono'`],
    ['src/services/login/login.ts', `import { eq } from 'drizzle-orm'`],
    ['src/routes/login.ts', `import { env } from 'cloudflare:workers'`],
    ['src/contracts/login.ts', `import { Hono } from 'hono/tiny'`],
    ['src/app.ts', `import { helper } from '../scripts/lib/layers.ts'`],
    ['src/services/login/login.ts', 'export const login = (env: Env) => env.DB'],
  ])('refuses in %s: %s', (path, source) => {
    expect(violationsOf(path, source)).toHaveLength(1)
  })

  it.each([
    [
      'src/index.ts',
      `import { app } from './app.ts'\nexport default { fetch: (request, env: Env) => app.fetch(request, env) }`,
    ],
    [
      'src/routes/account/login.ts',
      `import { login } from '../../services/login.ts'\nimport { body } from '../body.ts'`,
    ],
    [
      'src/services/login/login.ts',
      `import type { Platform } from '../platform/compose.ts'\nimport { Refusal } from '../errors.ts'`,
    ],
    [
      'src/platform/compose.ts',
      `import { listMails } from '../storage/mail.ts'\nexport const compose = (env: Env) => listMails(env.DB)`,
    ],
    ['src/storage/users.ts', `import { eq } from 'drizzle-orm'\nimport { users } from './schema/index.ts'`],
    ['src/contracts/login.ts', `import { PASSWORD_MAX_LENGTH } from '../config.ts'\nimport { z } from 'zod'`],
    ['src/ui/pages/account.ts', `import { createClient } from '../../client/client.ts'`],
    ['src/crypto/hash.ts', `// Env is never seen here, nor import '../platform/log.ts'`],
  ])('accepts in %s', (path, source) => {
    expect(violationsOf(path, source)).toEqual([])
  })
})
