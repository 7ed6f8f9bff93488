import { Status } from '../contracts/common.ts'
import { RefreshAnswer, StepUpRequest } from '../contracts/login.ts'
import { json } from '../http/body.ts'
import { readAccessCookie, setAccessCookie } from '../http/cookies.ts'
import { user, userWithCredentials } from '../http/guards.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { sendStepUpCode, stepUp } from '../services/sessions/step-up.ts'

const tags = ['Second factors']

const stepUpRoute = route({
  method: 'post',
  path: '/auth/step-up',
  tags,
  summary: 'Prove once more that it is me',
  description:
    'By one of the `methods` that `step_up_required` named. The session’s login counts as recent again. The refresh token stays as it is; a session of cookies gets a new access cookie.',
  limit: 'sensitive',
  guard: userWithCredentials({ mayEnrol: true }),
  body: json(StepUpRequest),
  answers: {
    200: answer(RefreshAnswer, 'New tokens, or how long the new access cookie lives.'),
  },
  refuses: ['invalid_credentials', 'invalid_code', 'step_up_required', 'login_throttled'],
})

const stepUpEmailRoute = route({
  method: 'post',
  path: '/auth/step-up/email',
  tags,
  summary: 'Send the code of a step-up',
  description: 'For an account that has neither a second factor nor a password.',
  limit: 'mails',
  guard: user({ mayEnrol: true }),
  answers: {
    202: answer(Status('code_sent'), 'A mail is on its way.'),
  },
  refuses: ['step_up_required'],
})

export const stepUpRoutes = createRouter()
  .openapi(stepUpRoute, async (c) => {
    const tokens = await stepUp(c.get('platform'), c.get('caller'), c.req.valid('json'))
    if (readAccessCookie(c) === null) return c.json({ tokenType: 'Bearer' as const, ...tokens }, 200)
    setAccessCookie(c, tokens)
    return c.json({ expiresIn: tokens.expiresIn }, 200)
  })
  .openapi(stepUpEmailRoute, async (c) => {
    await sendStepUpCode(c.get('platform'), c.get('caller'))
    return c.json({ status: 'code_sent' as const }, 202)
  })
