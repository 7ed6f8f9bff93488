import * as z from 'zod'
import { ACR } from '../config.ts'
import { onDemand } from '../domain/on-demand.ts'
import { named } from './common.ts'

export const Health = named('Health', () => z.object({ status: z.literal('ok'), version: z.string() }))

const DependencyState = onDemand(() =>
  z.object({
    status: z.enum(['ok', 'unavailable']),
    ms: z.number(),
    bytes: z.number().optional().meta({ description: 'Of the database: how large it is' }),
  }),
)
export const Readiness = named('Readiness', () =>
  z.object({ status: z.enum(['ok', 'unavailable']), dependencies: z.record(z.string(), DependencyState) }),
)

export const Jwks = named('Jwks', () => z.object({ keys: z.array(z.record(z.string(), z.unknown())) }))

/** The metadata of RFC 8414. */
export const ServerMetadata = named('ServerMetadata', () =>
  z.object({
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
  }),
)
