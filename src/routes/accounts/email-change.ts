import { ChangeEmailRequest, ConfirmEmailChangeRequest } from '../../contracts/accounts.ts'
import { Status } from '../../contracts/common.ts'
import { json } from '../../http/body.ts'
import { recentFactor } from '../../http/guards.ts'
import { answer, route } from '../../http/route.ts'
import { createRouter } from '../../http/router.ts'
import { confirmEmailChange, requestEmailChange } from '../../services/accounts/email-change.ts'

const tags = ['Profile']

const requestRoute = route({
  method: 'post',
  path: '/auth/change-email',
  tags,
  summary: 'Ask to change my e-mail address',
  description:
    'Needs the password or a recent login. Nothing changes before the new address is confirmed. Answers alike whether or not it has an account.',
  limit: 'mails',
  guard: recentFactor(),
  body: json(ChangeEmailRequest),
  answers: {
    202: answer(Status('confirmation_sent'), 'A mail is on its way to the new address.'),
  },
  refuses: ['invalid_credentials', 'step_up_required', 'login_throttled'],
})

const confirmRoute = route({
  method: 'post',
  path: '/auth/confirm-email-change',
  tags,
  summary: 'Confirm the new e-mail address by the token or the code that was mailed to it',
  limit: 'sensitive',
  body: json(ConfirmEmailChangeRequest),
  answers: {
    200: answer(Status('email_changed'), 'The address is changed.'),
  },
  refuses: ['invalid_token'],
})

export const emailChangeRoutes = createRouter()
  .openapi(requestRoute, async (c) => {
    await requestEmailChange(c.get('platform'), c.get('caller'), c.req.valid('json'))
    return c.json({ status: 'confirmation_sent' as const }, 202)
  })
  .openapi(confirmRoute, async (c) => {
    await confirmEmailChange(c.get('platform'), c.req.valid('json'))
    return c.json({ status: 'email_changed' as const }, 200)
  })
