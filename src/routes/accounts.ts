import { createRoute } from '@hono/zod-openapi'
import { EmailRequest, RegisterRequest, VerifyEmailRequest } from '../contracts/accounts.ts'
import { Status } from '../contracts/common.ts'
import { jsonBody } from '../http/json-body.ts'
import { rateLimit } from '../http/middleware/rate-limit.ts'
import { createRouter, jsonAnswer, jsonRequest, refusals } from '../http/router.ts'
import { resendVerification, verifyEmail } from '../services/email-verification.ts'
import { register } from '../services/registration.ts'

const tags = ['Accounts']

const registerRoute = createRoute({
  method: 'post',
  path: '/auth/register',
  tags,
  summary: 'Register with an e-mail address and a password',
  description:
    'Answers alike whether or not the address has an account; its owner is told by mail. The username is the account’s once the address is confirmed, if nobody has it by then.',
  middleware: [rateLimit('sensitive', 'register'), jsonBody] as const,
  request: jsonRequest(RegisterRequest),
  responses: {
    202: jsonAnswer(Status('verification_sent'), 'A mail is on its way.'),
    ...refusals('invalid_request', 'username_taken'),
  },
})

const verifyRoute = createRoute({
  method: 'post',
  path: '/auth/verify-email',
  tags,
  summary: 'Verify an address by the token or the code that was mailed to it',
  middleware: [rateLimit('sensitive', 'verify-email'), jsonBody] as const,
  request: jsonRequest(VerifyEmailRequest),
  responses: {
    200: jsonAnswer(Status('verified'), 'The address is verified.'),
    ...refusals('invalid_request', 'invalid_token'),
  },
})

const resendRoute = createRoute({
  method: 'post',
  path: '/auth/resend-verification',
  tags,
  summary: 'Send the verification mail once more',
  description: 'Answers alike whether or not the address has an account that waits for it.',
  middleware: [rateLimit('sensitive', 'resend-verification'), jsonBody] as const,
  request: jsonRequest(EmailRequest),
  responses: {
    202: jsonAnswer(Status('verification_sent'), 'If it is due, a mail is on its way.'),
    ...refusals('invalid_request'),
  },
})

export const accountRoutes = createRouter()
  .openapi(registerRoute, async (c) => {
    await register(c.var.platform, c.req.valid('json'))
    return c.json({ status: 'verification_sent' as const }, 202)
  })
  .openapi(verifyRoute, async (c) => {
    await verifyEmail(c.var.platform, c.req.valid('json'))
    return c.json({ status: 'verified' as const }, 200)
  })
  .openapi(resendRoute, async (c) => {
    await resendVerification(c.var.platform, c.req.valid('json').email)
    return c.json({ status: 'verification_sent' as const }, 202)
  })
