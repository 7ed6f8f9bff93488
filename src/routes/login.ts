import { createRoute } from '@hono/zod-openapi'
import { Status } from '../contracts/common.ts'
import { LoginAnswer, LoginRequest, MfaEmailRequest, MfaLoginRequest, SignedIn } from '../contracts/login.ts'
import { jsonBody } from '../http/json-body.ts'
import { readLoginOrigin } from '../http/login-origin.ts'
import { rateLimit } from '../http/middleware/rate-limit.ts'
import { createRouter, jsonAnswer, jsonRequest, refusals } from '../http/router.ts'
import { presentSession } from '../http/signed-in.ts'
import { logInWithPassword } from '../services/login.ts'
import { logInWithSecondFactor, sendMfaCode } from '../services/mfa-login.ts'

const tags = ['Sessions']

const loginRoute = createRoute({
  method: 'post',
  path: '/auth/login',
  tags,
  summary: 'Log in with a password',
  middleware: [rateLimit('sensitive', 'login'), jsonBody] as const,
  request: jsonRequest(LoginRequest),
  responses: {
    200: jsonAnswer(LoginAnswer, 'Signed in, or a second factor is needed.'),
    ...refusals('invalid_request', 'invalid_credentials', 'account_deactivated', 'csrf_refused', 'login_throttled'),
  },
})

const mfaRoute = createRoute({
  method: 'post',
  path: '/auth/login/mfa',
  tags,
  summary: 'Complete a login with its second factor',
  middleware: [rateLimit('sensitive', 'login-mfa'), jsonBody] as const,
  request: jsonRequest(MfaLoginRequest),
  responses: { 200: jsonAnswer(SignedIn, 'Signed in.'), ...refusals('invalid_request', 'invalid_code') },
})

const mfaEmailRoute = createRoute({
  method: 'post',
  path: '/auth/login/mfa/email',
  tags,
  summary: 'Send the code of a login that waits for its second factor',
  middleware: [rateLimit('sensitive', 'login-mfa-email'), jsonBody] as const,
  request: jsonRequest(MfaEmailRequest),
  responses: {
    202: jsonAnswer(Status('code_sent'), 'A mail is on its way.'),
    ...refusals('invalid_request', 'invalid_token'),
  },
})

export const loginRoutes = createRouter()
  .openapi(loginRoute, async (c) => {
    const { delivery, ...credentials } = c.req.valid('json')
    const result = await logInWithPassword(c.var.platform, { ...credentials, ...readLoginOrigin(c, delivery) })
    return c.json(
      'mfa' in result
        ? { status: 'mfa_required' as const, ...result.mfa }
        : presentSession(c, result.session, delivery),
      200,
    )
  })
  .openapi(mfaRoute, async (c) => {
    const { delivery, ...input } = c.req.valid('json')
    const session = await logInWithSecondFactor(c.var.platform, { ...input, ...readLoginOrigin(c, delivery) })
    return c.json(presentSession(c, session, delivery), 200)
  })
  .openapi(mfaEmailRoute, async (c) => {
    await sendMfaCode(c.var.platform, c.req.valid('json').ticket)
    return c.json({ status: 'code_sent' as const }, 202)
  })
