import { Activity } from '../../contracts/account-activity.ts'
import { listOf, PageQuery } from '../../contracts/lists.ts'
import { reader } from '../../http/guards.ts'
import { answer, route } from '../../http/route.ts'
import { createRouter } from '../../http/router.ts'
import { readActivity } from '../../services/accounts/activity.ts'

const listRoute = route({
  method: 'get',
  path: '/auth/me/activity',
  tags: ['Profile'],
  summary: 'What happened to my account',
  description:
    'The security events of the account, for its owner: logins, also those that failed, and every change of what opens it. From where an administrator or a service acted is not shown.',
  guard: reader(),
  query: PageQuery,
  answers: { 200: answer(listOf(Activity), 'Newest first.') },
})

export const activityRoutes = createRouter().openapi(listRoute, async (c) => {
  const { platform, readAsCaller, claims } = c.var
  return c.json(await readActivity(platform, readAsCaller, claims, c.req.valid('query')), 200)
})
