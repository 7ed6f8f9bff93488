import { createMiddleware } from 'hono/factory'
import type { Permission } from '../../config.ts'
import { AuthError } from '../../errors.ts'
import type { AppEnv } from '../context.ts'
import { actsByToken } from '../token-routes.ts'
import { authenticateCaller } from './authenticate.ts'

/** For a route that one permission guards: asks the database, so that a role given or taken counts at once. Sets `caller`. */
export const requirePermission = (permission: Permission) =>
  actsByToken(
    createMiddleware<AppEnv>(async (c, next) => {
      const caller = await authenticateCaller(c)
      if (!caller.account.permissions.includes(permission))
        throw new AuthError('forbidden', { reason: `lacks ${permission}` })
      c.set('caller', caller)
      await next()
    }),
  )
