import { zValidator } from '@hono/zod-validator'
import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import * as z from 'zod'
import { Refusal } from '../errors.ts'
import type { AppEnv } from '../http/context.ts'
import { sendPage } from '../http/pages.ts'

/** In production these addresses do not exist. */
const developmentOnly = createMiddleware<AppEnv>(async (c, next) => {
  if (!c.get('platform').settings.isDevelopment) throw new Refusal('not_found')
  await next()
})

/** What is there in development alone is no part of the API's document, so it validates directly. */
export const developmentRoutes = new Hono<AppEnv>()
  .use('/dev/*', developmentOnly)
  .get('/dev/mailbox', async (c) => await sendPage(c, '/dev-mailbox'))
  .get('/dev/first-admin', async (c) => await sendPage(c, '/dev-first-admin'))
  .get(
    '/dev/mailbox.json',
    zValidator(
      'query',
      z.lazy(() => z.object({ to: z.string().optional() })),
    ),
    async (c) => {
      const { to } = c.req.valid('query')
      return c.json({ items: await c.get('platform').listDevMails(to?.toLowerCase() ?? null) })
    },
  )
