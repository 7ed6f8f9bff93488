import { createRoute } from '@hono/zod-openapi'
import { ChangePasswordRequest, EmailRequest, ResetPasswordRequest } from '../contracts/accounts.ts'
import { Status } from '../contracts/common.ts'
import { jsonBody } from '../http/json-body.ts'
import { requireUser } from '../http/middleware/authenticate.ts'
import { limitMails, rateLimit } from '../http/middleware/rate-limit.ts'
import { createRouter, jsonAnswer, jsonRequest, refusals, SIGNED_IN } from '../http/router.ts'
import { changePassword, requestPasswordReset, resetPassword } from '../services/passwords.ts'

const tags = ['Passwords']

const forgotRoute = createRoute({
  method: 'post',
  path: '/auth/forgot-password',
  tags,
  summary: 'Send a mail to set a new password',
  description: 'Answers alike whether or not the address has an account.',
  middleware: [...limitMails('forgot-password'), jsonBody] as const,
  request: jsonRequest(EmailRequest),
  responses: {
    202: jsonAnswer(Status('reset_sent'), 'If there is an account, a mail is on its way.'),
    ...refusals('invalid_request'),
  },
})

const resetRoute = createRoute({
  method: 'post',
  path: '/auth/reset-password',
  tags,
  summary: 'Set a new password by the token or the code of a mail',
  description: 'Every session ends. A second factor, where set, is still asked at the next login.',
  middleware: [rateLimit('sensitive', 'reset-password'), jsonBody] as const,
  request: jsonRequest(ResetPasswordRequest),
  responses: { 204: { description: 'The password is set.' }, ...refusals('invalid_request', 'invalid_token') },
})

const changeRoute = createRoute({
  method: 'post',
  path: '/auth/change-password',
  tags,
  summary: 'Change my password',
  description: 'My other sessions end.',
  security: SIGNED_IN,
  middleware: [rateLimit('sensitive', 'change-password'), requireUser(), jsonBody] as const,
  request: jsonRequest(ChangePasswordRequest),
  responses: {
    204: { description: 'The password is changed.' },
    ...refusals('invalid_request', 'unauthenticated', 'invalid_credentials', 'csrf_refused', 'login_throttled'),
  },
})

export const passwordRoutes = createRouter()
  .openapi(forgotRoute, async (c) => {
    await requestPasswordReset(c.var.platform, c.req.valid('json').email)
    return c.json({ status: 'reset_sent' as const }, 202)
  })
  .openapi(resetRoute, async (c) => {
    const { password, ...proof } = c.req.valid('json')
    await resetPassword(c.var.platform, proof, password)
    return c.body(null, 204)
  })
  .openapi(changeRoute, async (c) => {
    await changePassword(c.var.platform, c.get('caller'), c.req.valid('json'))
    return c.body(null, 204)
  })
