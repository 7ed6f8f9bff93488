import { ACR, JWKS_MAX_AGE_SECONDS, RETRY_AFTER_SECONDS, VERSION } from '../config.ts'
import { Health, Jwks, Readiness, ServerMetadata } from '../contracts/health.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { readReadiness } from '../services/health/health.ts'
import { loadKeyRing } from '../services/signing-keys/signing-keys.ts'

const tags = ['For other services']

const healthRoute = route({
  method: 'get',
  path: '/health',
  tags,
  summary: 'Whether the Worker runs',
  answers: { 200: answer(Health, 'It runs.') },
})

const readyRoute = route({
  method: 'get',
  path: '/health/ready',
  tags,
  summary: 'Whether everything it depends on answers',
  answers: { 200: answer(Readiness, 'Everything answers.'), 503: answer(Readiness, 'Something does not.') },
})

const jwksRoute = route({
  method: 'get',
  path: '/.well-known/jwks.json',
  tags,
  summary: 'The public keys that access tokens verify with (RFC 7517)',
  answers: { 200: answer(Jwks, 'Next, current and previous key.') },
})

const metadataRoute = route({
  method: 'get',
  path: '/.well-known/oauth-authorization-server',
  tags,
  summary: 'Where to find what (RFC 8414)',
  answers: { 200: answer(ServerMetadata, 'The metadata.') },
})

const PUBLIC = `public, max-age=${JWKS_MAX_AGE_SECONDS}`

export const serviceRoutes = createRouter()
  .openapi(healthRoute, (c) => c.json({ status: 'ok' as const, version: VERSION }, 200))
  .openapi(readyRoute, async (c) => {
    const dependencies = await readReadiness(c.get('platform'))
    c.header('Cache-Control', 'no-store')
    if (Object.values(dependencies).every(({ status }) => status === 'ok'))
      return c.json({ status: 'ok' as const, dependencies }, 200)
    return c.json({ status: 'unavailable' as const, dependencies }, 503, { 'Retry-After': String(RETRY_AFTER_SECONDS) })
  })
  .openapi(jwksRoute, async (c) => {
    const { publicJwks } = await loadKeyRing(c.get('platform'))
    return c.json({ keys: [...publicJwks] }, 200, { 'Cache-Control': PUBLIC })
  })
  .openapi(metadataRoute, (c) => {
    const { issuer } = c.get('platform').settings
    const authentication = ['client_secret_basic']
    const metadata = {
      issuer,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      token_endpoint_auth_methods_supported: authentication,
      introspection_endpoint: `${issuer}/auth/introspect`,
      introspection_endpoint_auth_methods_supported: authentication,
      revocation_endpoint: `${issuer}/auth/revoke`,
      revocation_endpoint_auth_methods_supported: authentication,
      acr_values_supported: Object.values(ACR),
      response_types_supported: [],
      service_documentation: `${issuer}/docs`,
    }
    return c.json(metadata, 200, { 'Cache-Control': PUBLIC })
  })
