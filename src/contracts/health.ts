import { z } from '@hono/zod-openapi'
import { ACR } from '../config.ts'

export const Health = z.object({ status: z.literal('ok'), version: z.string() }).openapi('Health')

const DependencyState = z.object({
  status: z.enum(['ok', 'unavailable']),
  ms: z.number(),
  bytes: z.number().optional().openapi({ description: 'Of the database: how large it is' }),
})
export const Readiness = z
  .object({ status: z.enum(['ok', 'unavailable']), dependencies: z.record(z.string(), DependencyState) })
  .openapi('Readiness')

export const Jwks = z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).openapi('Jwks')

/** The metadata of RFC 8414. */
export const ServerMetadata = z
  .object({
    issuer: z.string(),
    jwks_uri: z.string(),
    token_endpoint_auth_methods_supported: z.array(z.string()),
    introspection_endpoint: z.string(),
    introspection_endpoint_auth_methods_supported: z.array(z.string()),
    revocation_endpoint: z.string(),
    revocation_endpoint_auth_methods_supported: z.array(z.string()),
    acr_values_supported: z.array(z.enum(ACR)),
    response_types_supported: z.array(z.string()),
    service_documentation: z.string(),
  })
  .openapi('ServerMetadata')
