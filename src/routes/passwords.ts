import { ChangePasswordRequest, EmailRequest, ResetPasswordRequest } from '../contracts/accounts.ts'
import { Status } from '../contracts/common.ts'
import { json } from '../http/body.ts'
import { recentFactor } from '../http/guards.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { changePassword, requestPasswordReset, resetPassword } from '../services/passwords/passwords.ts'

const tags = ['Passwords']

const forgotRoute = route({
  method: 'post',
  path: '/auth/forgot-password',
  tags,
  summary: 'Send a mail to set a new password',
  description: 'Answers alike whether or not the address has an account.',
  limit: 'mails',
  body: json(EmailRequest),
  answers: {
    202: answer(Status('reset_sent'), 'If there is an account, a mail is on its way.'),
  },
})

const resetRoute = route({
  method: 'post',
  path: '/auth/reset-password',
  tags,
  summary: 'Set a new password by the token or the code of a mail',
  description: 'Every session ends. A second factor, where set, is still asked at the next login.',
  limit: 'sensitive',
  body: json(ResetPasswordRequest),
  answers: { 204: { description: 'The password is set.' } },
  refuses: ['invalid_token'],
})

const changeRoute = route({
  method: 'post',
  path: '/auth/change-password',
  tags,
  summary: 'Change my password',
  description: 'My other sessions end.',
  limit: 'sensitive',
  guard: recentFactor(),
  body: json(ChangePasswordRequest),
  answers: {
    204: { description: 'The password is changed.' },
  },
  refuses: ['invalid_credentials', 'login_throttled'],
})

export const passwordRoutes = createRouter()
  .openapi(forgotRoute, async (c) => {
    await requestPasswordReset(c.get('platform'), c.req.valid('json').email)
    return c.json({ status: 'reset_sent' as const }, 202)
  })
  .openapi(resetRoute, async (c) => {
    const { password, ...proof } = c.req.valid('json')
    await resetPassword(c.get('platform'), proof, password)
    return c.body(null, 204)
  })
  .openapi(changeRoute, async (c) => {
    await changePassword(c.get('platform'), c.get('caller'), c.req.valid('json'))
    return c.body(null, 204)
  })
