import { AcceptInvitationRequest } from '../../contracts/accounts.ts'
import { json } from '../../http/body.ts'
import { route } from '../../http/route.ts'
import { createRouter } from '../../http/router.ts'
import { acceptInvitation } from '../../services/accounts/invitation.ts'

const acceptRoute = route({
  method: 'post',
  path: '/auth/accept-invitation',
  tags: ['Administration'],
  summary: 'Become an administrator by the link of the operator',
  description:
    'The token is that of the link that `npm run admin -- create-admin` printed. It makes the account, or sets a new password of the account that the address has, whose sessions end. A second factor, where set, is still asked at the next login.',
  limit: 'sensitive',
  body: json(AcceptInvitationRequest),
  answers: { 204: { description: 'The password is set, and the account is an administrator.' } },
  refuses: ['invalid_token'],
})

export const invitationRoutes = createRouter().openapi(acceptRoute, async (c) => {
  await acceptInvitation(c.get('platform'), c.req.valid('json'))
  return c.body(null, 204)
})
