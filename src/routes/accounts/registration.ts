import { EmailRequest, RegisterRequest, VerifyEmailRequest } from '../../contracts/accounts.ts'
import { Status } from '../../contracts/common.ts'
import { json } from '../../http/body.ts'
import { answer, route } from '../../http/route.ts'
import { createRouter } from '../../http/router.ts'
import { resendVerification, verifyEmail } from '../../services/accounts/email-verification.ts'
import { register } from '../../services/accounts/registration.ts'

const tags = ['Accounts']

const registerRoute = route({
  method: 'post',
  path: '/auth/register',
  tags,
  summary: 'Register with an e-mail address and a password',
  description:
    'Answers alike whether or not the address has an account; its owner is told by mail. The username is the account’s once the address is confirmed, if nobody has it by then.',
  limit: 'mails',
  body: json(RegisterRequest),
  answers: {
    202: answer(Status('verification_sent'), 'A mail is on its way.'),
  },
  refuses: ['username_taken'],
})

const verifyRoute = route({
  method: 'post',
  path: '/auth/verify-email',
  tags,
  summary: 'Verify an address by the token or the code that was mailed to it',
  limit: 'sensitive',
  body: json(VerifyEmailRequest),
  answers: {
    200: answer(Status('verified'), 'The address is verified.'),
  },
  refuses: ['invalid_token'],
})

const resendRoute = route({
  method: 'post',
  path: '/auth/resend-verification',
  tags,
  summary: 'Send the verification mail once more',
  description: 'Answers alike whether or not the address has an account that waits for it.',
  limit: 'mails',
  body: json(EmailRequest),
  answers: {
    202: answer(Status('verification_sent'), 'If it is due, a mail is on its way.'),
  },
})

export const accountRoutes = createRouter()
  .openapi(registerRoute, async (c) => {
    await register(c.get('platform'), c.req.valid('json'))
    return c.json({ status: 'verification_sent' as const }, 202)
  })
  .openapi(verifyRoute, async (c) => {
    await verifyEmail(c.get('platform'), c.req.valid('json'))
    return c.json({ status: 'verified' as const }, 200)
  })
  .openapi(resendRoute, async (c) => {
    await resendVerification(c.get('platform'), c.req.valid('json').email)
    return c.json({ status: 'verification_sent' as const }, 202)
  })
