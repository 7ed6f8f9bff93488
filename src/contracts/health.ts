import * as z from 'zod'

export const Health = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' })

const DependencyState = z.object({
  status: z.enum(['ok', 'unavailable']),
  ms: z.number(),
  bytes: z.number().optional().meta({ description: 'Of the database: how large it is' }),
})
export const Readiness = z
  .object({ status: z.enum(['ok', 'unavailable']), dependencies: z.record(z.string(), DependencyState) })
  .meta({ id: 'Readiness' })

export const Jwks = z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).meta({ id: 'Jwks' })

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
    response_types_supported: z.array(z.string()),
    service_documentation: z.string(),
  })
  .meta({ id: 'ServerMetadata' })
