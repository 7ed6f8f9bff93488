import { methodNotAllowed } from 'hono/method-not-allowed'
import { Refusal } from './errors.ts'
import { serveBrandColors } from './http/brand.ts'
import { serveDocument } from './http/document.ts'
import { FixedPathsFirstRouter } from './http/fixed-paths-first-router.ts'
import {
  apiHeaders,
  crossOrigin,
  noStore,
  refuseForeignPages,
  requireHttps,
  transportSecurity,
} from './http/middleware/browser-rules.ts'
import { globalRateLimit } from './http/middleware/rate-limit.ts'
import { recordRefusals } from './http/middleware/record-refusals.ts'
import { requestScope } from './http/middleware/request-scope.ts'
import { takeStatedAddress } from './http/middleware/stated-address.ts'
import { handleNotFound } from './http/pages.ts'
import { handleError, sendProblem } from './http/problem.ts'
import { HttpRequester } from './http/requester.ts'
import { createRouter } from './http/router.ts'
import { composePlatform } from './platform/compose.ts'
import { activityRoutes } from './routes/accounts/activity.ts'
import { emailChangeRoutes } from './routes/accounts/email-change.ts'
import { invitationRoutes } from './routes/accounts/invitation.ts'
import { notMeRoutes } from './routes/accounts/not-me.ts'
import { profileRoutes } from './routes/accounts/profile.ts'
import { accountRoutes } from './routes/accounts/registration.ts'
import { auditRoutes } from './routes/audit.ts'
import { passkeyRoutes } from './routes/factors/passkeys.ts'
import { recoveryCodeRoutes } from './routes/factors/recovery-codes.ts'
import { factorRemovalRoutes } from './routes/factors/removal.ts'
import { totpRoutes } from './routes/factors/totp.ts'
import { identityRoutes } from './routes/federation/identities.ts'
import { oauthRoutes } from './routes/federation/login.ts'
import { serviceRoutes } from './routes/health.ts'
import { importRoutes } from './routes/import.ts'
import { introspectionRoutes } from './routes/introspection.ts'
import { loginRoutes } from './routes/login.ts'
import { developmentRoutes, mailRoutes } from './routes/mail.ts'
import { passwordRoutes } from './routes/passwords.ts'
import { pictureRoutes } from './routes/pictures.ts'
import { roleRoutes } from './routes/roles.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { signingKeyRoutes } from './routes/signing-keys.ts'
import { statsRoutes } from './routes/stats.ts'
import { stepUpRoutes } from './routes/step-up.ts'
import { userRoutes } from './routes/users.ts'
import { webhookRoutes } from './routes/webhooks.ts'
import { wellKnownRoutes } from './routes/well-known.ts'

const base = createRouter({ router: new FixedPathsFirstRouter() })
base.onError(handleError)
base.notFound(handleNotFound)
base.use(requestScope)
base.use(transportSecurity)
base.use(apiHeaders)
for (const path of [
  '/auth/*',
  '/users/*',
  '/roles/*',
  '/permissions',
  '/audit-events/*',
  '/stats/*',
  '/signing-keys/*',
  '/webhooks/*',
  '/mails/*',
])
  base.use(path, noStore)
base.use(
  methodNotAllowed({
    app: base,
    onMethodNotAllowed: (c, methods) =>
      sendProblem(c, new Refusal('method_not_allowed', { headers: { Allow: methods.join(', ') } })),
  }),
)
base.use(async (c, next) => {
  const requester = new HttpRequester(c.req.raw, c.get('requestId'))
  c.set('platform', composePlatform(c.env as Env, requester, c.executionCtx))
  await next()
})
base.use(requireHttps)
base.use(crossOrigin)
base.use(takeStatedAddress)
base.use(globalRateLimit)
base.use(refuseForeignPages)
base.use(recordRefusals)
base.get('/openapi.json', serveDocument)
base.get('/brand.css', serveBrandColors)

export const app = base
  .route('/', accountRoutes)
  .route('/', loginRoutes)
  .route('/', sessionRoutes)
  .route('/', stepUpRoutes)
  .route('/', passwordRoutes)
  .route('/', emailChangeRoutes)
  .route('/', profileRoutes)
  .route('/', activityRoutes)
  .route('/', pictureRoutes)
  .route('/', invitationRoutes)
  .route('/', notMeRoutes)
  .route('/', factorRemovalRoutes)
  .route('/', oauthRoutes)
  .route('/', identityRoutes)
  .route('/', totpRoutes)
  .route('/', recoveryCodeRoutes)
  .route('/', auditRoutes)
  .route('/', roleRoutes)
  .route('/', importRoutes)
  .route('/', userRoutes)
  .route('/', mailRoutes)
  .route('/', webhookRoutes)
  .route('/', statsRoutes)
  .route('/', signingKeyRoutes)
  .route('/', introspectionRoutes)
  .route('/', passkeyRoutes)
  .route('/', wellKnownRoutes)
  .route('/', serviceRoutes)
  .route('/', developmentRoutes)

/** The routes with their types, for `hc<AppType>()`. */
export type AppType = typeof app
