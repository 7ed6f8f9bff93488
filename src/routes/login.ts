import { Status } from '../contracts/common.ts'
import { LoginAnswer, LoginRequest, MfaEmailRequest, MfaLoginRequest, SignedIn } from '../contracts/login.ts'
import { json } from '../http/body.ts'
import { readDeviceToken } from '../http/cookies.ts'
import { loginBudget } from '../http/guards.ts'
import { presentLogin, presentSession, readLoginExtras } from '../http/login.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { logInWithPassword } from '../services/login/login.ts'
import { logInWithSecondFactor, sendMfaCode } from '../services/login/second-factor.ts'

const tags = ['Sessions']

const loginRoute = route({
  method: 'post',
  path: '/auth/login',
  tags,
  summary: 'Log in with a password',
  guard: loginBudget(),
  body: json(LoginRequest),
  answers: {
    200: answer(LoginAnswer, 'Signed in, or a second factor is needed.'),
  },
  refuses: ['ambiguous_credentials', 'invalid_credentials', 'account_deactivated', 'login_throttled'],
})

const mfaRoute = route({
  method: 'post',
  path: '/auth/login/mfa',
  tags,
  summary: 'Complete a login with its second factor',
  description: 'From the address and the device that began it, within five minutes.',
  guard: loginBudget(),
  body: json(MfaLoginRequest),
  answers: { 200: answer(SignedIn, 'Signed in.') },
  refuses: ['ambiguous_credentials', 'invalid_code', 'login_throttled'],
})

const mfaEmailRoute = route({
  method: 'post',
  path: '/auth/login/mfa/email',
  tags,
  summary: 'Send the code of a login that waits for its second factor',
  limit: 'mails',
  body: json(MfaEmailRequest),
  answers: {
    202: answer(Status('code_sent'), 'A mail is on its way.'),
  },
  refuses: ['ambiguous_credentials', 'invalid_token'],
})

export const loginRoutes = createRouter()
  .openapi(loginRoute, async (c) => {
    const { delivery, ...credentials } = c.req.valid('json')
    const result = await logInWithPassword(c.get('platform'), {
      ...credentials,
      ...readLoginExtras(c, delivery),
      countStranger: c.get('countStranger'),
    })
    return c.json(presentLogin(c, result, delivery), 200)
  })
  .openapi(mfaRoute, async (c) => {
    const { delivery, code, ...input } = c.req.valid('json')
    const session = await logInWithSecondFactor(c.get('platform'), {
      ...input,
      proof: { code },
      ...readLoginExtras(c, delivery),
      countStranger: c.get('countStranger'),
    })
    return c.json(presentSession(c, session, delivery), 200)
  })
  .openapi(mfaEmailRoute, async (c) => {
    const { ticket } = c.req.valid('json')
    await sendMfaCode(c.get('platform'), { ticket, deviceToken: readDeviceToken(c) })
    return c.json({ status: 'code_sent' as const }, 202)
  })
