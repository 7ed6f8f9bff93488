import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import { isUnauthorized, recordRefusal } from '../../services/audit/refusals.ts'
import type { AppEnv } from '../context.ts'

/** Records in the audit trail where somebody who is signed in was refused what they may not do (ASVS 16.3.2). */
export const recordRefusals = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const [code, userId] = [c.get('outcome'), c.get('userId')]
  if (code === undefined || userId === undefined || !isUnauthorized(code)) return
  await recordRefusal(c.get('platform'), userId, { route: `${c.req.method} ${routePath(c, -1)}`, code })
})
