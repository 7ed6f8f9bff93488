import { createRoute } from '@hono/zod-openapi'
import { DeleteAccountRequest, UpdateProfileRequest, User } from '../contracts/users.ts'
import { clearTokenCookies } from '../http/cookies.ts'
import { jsonBody, optionalJsonBody } from '../http/json-body.ts'
import { requireToken, requireUser } from '../http/middleware/authenticate.ts'
import { rateLimit } from '../http/middleware/rate-limit.ts'
import { createRouter, jsonAnswer, jsonRequest, refusals, SIGNED_IN } from '../http/router.ts'
import { changeProfile, deleteAccount, readProfile } from '../services/profile.ts'

const tags = ['Profile']

const readRoute = createRoute({
  method: 'get',
  path: '/auth/me',
  tags,
  summary: 'My account',
  security: SIGNED_IN,
  middleware: [requireToken()] as const,
  responses: { 200: jsonAnswer(User, 'The account.'), ...refusals('unauthenticated', 'ambiguous_credentials') },
})

const updateRoute = createRoute({
  method: 'patch',
  path: '/auth/me',
  tags,
  summary: 'Change my name or username',
  security: SIGNED_IN,
  middleware: [rateLimit('sensitive', 'update-profile'), requireUser(), jsonBody] as const,
  request: jsonRequest(UpdateProfileRequest),
  responses: {
    200: jsonAnswer(User, 'The account.'),
    ...refusals('invalid_request', 'unauthenticated', 'csrf_refused', 'username_taken'),
  },
})

const deleteRoute = createRoute({
  method: 'delete',
  path: '/auth/me',
  tags,
  summary: 'Delete my account and everything that belongs to it',
  security: SIGNED_IN,
  middleware: [rateLimit('sensitive', 'delete-account'), requireUser(), optionalJsonBody] as const,
  request: { body: { ...jsonRequest(DeleteAccountRequest).body, required: false } },
  responses: {
    204: { description: 'The account is gone.' },
    ...refusals(
      'invalid_request',
      'unauthenticated',
      'invalid_credentials',
      'step_up_required',
      'csrf_refused',
      'login_throttled',
    ),
  },
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
