import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { IdParams, Status } from '../contracts/common.ts'
import { Refusal } from '../errors.ts'
import type { AppEnv } from '../http/context.ts'
import { permission } from '../http/guards.ts'
import { sendPage } from '../http/pages.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { retryMail } from '../services/users/mail-retry.ts'

const retryRoute = route({
  method: 'post',
  path: '/mails/{id}/retry',
  tags: ['Administration'],
  summary: 'Send a mail again that was given up',
  description:
    'Needs the permission `users:write`, and every permission that the user has whom the mail concerns. The id is the `outboxId` of the event `mail.failed`. Each mail that was given up can be sent again once, for as long as its link works.',
  limit: 'moderate',
  guard: permission('users:write'),
  params: IdParams,
  answers: { 202: answer(Status('mail_sent'), 'The mail is on its way.') },
  refuses: ['not_found', 'permission_not_held', 'mail_not_failed', 'mail_link_expired'],
})

export const mailRoutes = createRouter().openapi(retryRoute, async (c) => {
  await retryMail(c.get('platform'), c.get('caller').account, c.req.valid('param').id)
  return c.json({ status: 'mail_sent' as const }, 202)
})

/** In production these addresses do not exist. */
const developmentOnly = createMiddleware<AppEnv>(async (c, next) => {
  if (!c.get('platform').settings.isDevelopment) throw new Refusal('not_found')
  await next()
})

/** What is there in development alone is no part of the API's document. */
export const developmentRoutes = new Hono<AppEnv>()
  .use('/dev/*', developmentOnly)
  .get('/dev/mailbox', async (c) => await sendPage(c, '/dev-mailbox'))
  .get('/dev/first-admin', async (c) => await sendPage(c, '/dev-first-admin'))
  .get('/dev/mailbox.json', async (c) =>
    c.json({ items: await c.get('platform').listDevMails(c.req.query('to')?.toLowerCase() ?? null) }),
  )
