import { MailedLink } from '../../contracts/accounts.ts'
import { IdParams } from '../../contracts/common.ts'
import { FactorRemoval } from '../../contracts/factor-removal.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import { json } from '../../http/body.ts'
import { permission } from '../../http/guards.ts'
import { answer, route } from '../../http/route.ts'
import { createRouter } from '../../http/router.ts'
import { keepFactors, requestFactorRemoval } from '../../services/factors/removal.ts'

const requestRoute = route({
  method: 'delete',
  path: '/users/{id}/factors',
  tags: ['Administration'],
  summary: 'Ask for the removal of all second factors of a user who has lost them',
  description:
    'Needs the permission `users:write`, and every permission that the user has. The removal waits for three days. The user is mailed at once and can stop it.',
  limit: 'sensitive',
  guard: permission('users:write', { isRecent: true }),
  params: IdParams,
  answers: { 202: answer(FactorRemoval, 'When the factors are removed. A second request does not change that.') },
  refuses: ['not_found', 'permission_not_held'],
})

const keepRoute = route({
  method: 'post',
  path: '/auth/keep-factors',
  tags: ['Profile'],
  summary: 'Stop the removal of my second factors, by the token of the mail that tells of it',
  limit: 'sensitive',
  body: json(MailedLink),
  answers: { 204: { description: 'The factors stay.' } },
  refuses: ['invalid_token'],
})

export const factorRemovalRoutes = createRouter()
  .openapi(requestRoute, async (c) => {
    const removesAt = await requestFactorRemoval(c.get('platform'), c.get('caller'), c.req.valid('param').id)
    return c.json({ removesAt: toTimestamp(removesAt) }, 202)
  })
  .openapi(keepRoute, async (c) => {
    await keepFactors(c.get('platform'), c.req.valid('json').token)
    return c.body(null, 204)
  })
