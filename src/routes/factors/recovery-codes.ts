import { RecoveryCodes } from '../../contracts/factors.ts'
import { recentLogin } from '../../http/guards.ts'
import { answer, route } from '../../http/route.ts'
import { createRouter } from '../../http/router.ts'
import { replaceRecoveryCodes } from '../../services/factors/recovery-code-sets.ts'

const replaceRoute = route({
  method: 'post',
  path: '/auth/mfa/recovery-codes',
  tags: ['Second factors'],
  summary: 'Replace my recovery codes',
  description: 'The old ones stop working.',
  limit: 'sensitive',
  guard: recentLogin({ mayEnrol: true }),
  answers: { 200: answer(RecoveryCodes, 'The new codes.') },
  refuses: ['no_second_factor'],
})

export const recoveryCodeRoutes = createRouter().openapi(replaceRoute, async (c) => {
  const recoveryCodes = await replaceRecoveryCodes(c.get('platform'), c.get('caller'))
  return c.json({ recoveryCodes }, 200)
})
