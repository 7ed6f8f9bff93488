import { MailedLink } from '../../contracts/accounts.ts'
import { json } from '../../http/body.ts'
import { route } from '../../http/route.ts'
import { createRouter } from '../../http/router.ts'
import { undoEvent } from '../../services/accounts/not-me.ts'

const notMeRoute = route({
  method: 'post',
  path: '/auth/not-me',
  tags: ['Profile'],
  summary: 'Undo what a security notice tells of, by the token of its link',
  description:
    'All sessions end, the account gets its former address back, what was added since is removed, and a mail to set a new password is sent to the former address.',
  limit: 'sensitive',
  body: json(MailedLink),
  answers: { 204: { description: 'The account is as it was before.' } },
  refuses: ['invalid_token'],
})

export const notMeRoutes = createRouter().openapi(notMeRoute, async (c) => {
  await undoEvent(c.get('platform'), c.req.valid('json').token)
  return c.body(null, 204)
})
