import { DeleteAccountRequest, UpdateProfileRequest, User } from '../../contracts/users.ts'
import { json, optionalJson } from '../../http/body.ts'
import { clearTokenCookies } from '../../http/cookies.ts'
import { recentFactor, token, user } from '../../http/guards.ts'
import { answer, createRouter, route } from '../../http/route.ts'
import { changeProfile, deleteAccount, readProfile } from '../../services/accounts/profile.ts'

const tags = ['Profile']

const readRoute = route({
  method: 'get',
  path: '/auth/me',
  tags,
  summary: 'My account',
  guard: token({ mayEnrol: true }),
  answers: { 200: answer(User, 'The account.') },
})

const updateRoute = route({
  method: 'patch',
  path: '/auth/me',
  tags,
  summary: 'Change my name or username',
  limit: 'sensitive',
  guard: user(),
  body: json(UpdateProfileRequest),
  answers: {
    200: answer(User, 'The account.'),
  },
  refuses: ['username_taken'],
})

const deleteRoute = route({
  method: 'delete',
  path: '/auth/me',
  tags,
  summary: 'Delete my account and everything that belongs to it',
  limit: 'sensitive',
  guard: recentFactor(),
  body: optionalJson(DeleteAccountRequest),
  answers: {
    204: { description: 'The account is gone.' },
  },
  refuses: ['invalid_credentials', 'step_up_required', 'login_throttled'],
})

export const profileRoutes = createRouter()
  .openapi(readRoute, async (c) => c.json(await readProfile(c.var.platform, c.get('claims')), 200))
  .openapi(updateRoute, async (c) => {
    const user = await changeProfile(c.var.platform, c.get('caller').account, c.req.valid('json'))
    return c.json(user, 200)
  })
  .openapi(deleteRoute, async (c) => {
    await deleteAccount(c.var.platform, c.get('caller'), c.req.valid('json').password)
    clearTokenCookies(c)
    return c.body(null, 204)
  })
