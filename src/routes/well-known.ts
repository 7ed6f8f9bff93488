import { PasskeyEndpoints, RelatedOrigins } from '../contracts/passkeys.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'

const tags = ['Passkeys']

const relatedOriginsRoute = route({
  method: 'get',
  path: '/.well-known/webauthn',
  tags,
  summary: 'The origins that may use the passkeys of this service (WebAuthn Level 3 §5.11)',
  answers: { 200: answer(RelatedOrigins, 'The origins.') },
})

const passkeyEndpointsRoute = route({
  method: 'get',
  path: '/.well-known/passkey-endpoints',
  tags,
  summary: 'Where a person adds and manages passkeys',
  answers: { 200: answer(PasskeyEndpoints, 'The pages.') },
})

const changePasswordRoute = route({
  method: 'get',
  path: '/.well-known/change-password',
  tags,
  summary: 'Where a person changes the password',
  answers: { 302: { description: 'To the page.' } },
})

/** Browsers and password managers may keep these answers, which change with the configuration only. */
const PUBLIC = 'public, max-age=3600'

/** Serves what password managers and browsers look for at fixed addresses. */
export const wellKnownRoutes = createRouter()
  .openapi(relatedOriginsRoute, (c) => {
    const { origins } = c.get('platform').settings.relyingParty
    return c.json({ origins: origins.filter((origin) => !origin.startsWith('android:')) }, 200, {
      'Cache-Control': PUBLIC,
    })
  })
  .openapi(passkeyEndpointsRoute, (c) => {
    const account = `${c.get('platform').settings.appUrl}/account`
    return c.json({ enroll: account, manage: account }, 200, { 'Cache-Control': PUBLIC })
  })
  .openapi(changePasswordRoute, (c) => c.redirect(`${c.get('platform').settings.appUrl}/account`, 302))
