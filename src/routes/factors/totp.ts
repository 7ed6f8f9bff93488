import { ActivateTotpRequest, TotpActivated, TotpEnrolment } from '../../contracts/factors.ts'
import { json } from '../../http/body.ts'
import { recentLogin } from '../../http/guards.ts'
import { answer, route } from '../../http/route.ts'
import { createRouter } from '../../http/router.ts'
import { activateTotp, beginTotp, removeTotp } from '../../services/factors/totp-enrolment.ts'

const tags = ['Second factors']

const beginRoute = route({
  method: 'post',
  path: '/auth/mfa/totp',
  tags,
  summary: 'Begin to use an authenticator app',
  description: 'No login asks for the app until a first code has activated it.',
  limit: 'sensitive',
  guard: recentLogin({ mayEnrol: true }),
  answers: { 201: answer(TotpEnrolment, 'What the app needs.') },
  refuses: ['factor_already_set'],
})

const activateRoute = route({
  method: 'post',
  path: '/auth/mfa/totp/activate',
  tags,
  summary: 'Activate the authenticator app with a first code',
  description: 'An account that gets its first second factor gets recovery codes with it.',
  limit: 'sensitive',
  guard: recentLogin({ mayEnrol: true }),
  body: json(ActivateTotpRequest),
  answers: { 200: answer(TotpActivated, 'From now on, logins ask for a second factor.') },
  refuses: ['not_found', 'invalid_code'],
})

const removeRoute = route({
  method: 'delete',
  path: '/auth/mfa/totp',
  tags,
  summary: 'Remove the authenticator app',
  description: 'All other sessions end. Recovery codes go with the last second factor.',
  limit: 'sensitive',
  guard: recentLogin({ mayEnrol: true }),
  answers: { 204: { description: 'It is removed.' } },
  refuses: ['not_found', 'last_strong_factor'],
})

export const totpRoutes = createRouter()
  .openapi(beginRoute, async (c) => c.json(await beginTotp(c.get('platform'), c.get('caller').account), 201))
  .openapi(activateRoute, async (c) => {
    const recoveryCodes = await activateTotp(c.get('platform'), c.get('caller'), c.req.valid('json').code)
    return c.json(recoveryCodes === null ? {} : { recoveryCodes }, 200)
  })
  .openapi(removeRoute, async (c) => {
    await removeTotp(c.get('platform'), c.get('caller'))
    return c.body(null, 204)
  })
