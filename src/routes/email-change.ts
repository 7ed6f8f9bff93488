import { createRoute } from '@hono/zod-openapi'
import { ChangeEmailRequest, ConfirmEmailChangeRequest } from '../contracts/accounts.ts'
import { Status } from '../contracts/common.ts'
import { jsonBody } from '../http/json-body.ts'
import { requireUser } from '../http/middleware/authenticate.ts'
import { limitMails, rateLimit } from '../http/middleware/rate-limit.ts'
import { createRouter, jsonAnswer, jsonRequest, refusals, SIGNED_IN } from '../http/router.ts'
import { confirmEmailChange, requestEmailChange } from '../services/email-change.ts'

const tags = ['Profile']

const requestRoute = createRoute({
  method: 'post',
  path: '/auth/change-email',
  tags,
  summary: 'Ask to change my e-mail address',
  description: 'Nothing changes before the new address is confirmed. Answers alike whether or not it has an account.',
  security: SIGNED_IN,
  middleware: [...limitMails('change-email'), requireUser(), jsonBody] as const,
  request: jsonRequest(ChangeEmailRequest),
  responses: {
    202: jsonAnswer(Status('confirmation_sent'), 'A mail is on its way to the new address.'),
    ...refusals('invalid_request', 'unauthenticated', 'invalid_credentials', 'csrf_refused', 'login_throttled'),
  },
})

const confirmRoute = createRoute({
  method: 'post',
  path: '/auth/confirm-email-change',
  tags,
  summary: 'Confirm the new e-mail address by the token or the code that was mailed to it',
  middleware: [rateLimit('sensitive', 'confirm-email-change'), jsonBody] as const,
  request: jsonRequest(ConfirmEmailChangeRequest),
  responses: {
    200: jsonAnswer(Status('email_changed'), 'The address is changed.'),
    ...refusals('invalid_request', 'invalid_token'),
  },
})

export const emailChangeRoutes = createRouter()
  .openapi(requestRoute, async (c) => {
    await requestEmailChange(c.var.platform, c.get('caller'), c.req.valid('json'))
    return c.json({ status: 'confirmation_sent' as const }, 202)
  })
  .openapi(confirmRoute, async (c) => {
    await confirmEmailChange(c.var.platform, c.req.valid('json'))
    return c.json({ status: 'email_changed' as const }, 200)
  })
