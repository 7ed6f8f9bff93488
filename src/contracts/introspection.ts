import * as z from 'zod'
import { ACR } from '../config.ts'
import { named } from './common.ts'

/** The parameters of RFC 7662 §2.1 and RFC 7009 §2.1. Those that are not known are ignored (RFC 6749 §3.2). */
export const TokenRequest = named('TokenRequest', () =>
  z.object({
    token: z.string().min(1).max(4096),
    token_type_hint: z.string().max(64).optional(),
  }),
)

/**
 * What a token is worth (RFC 7662 §2.2). Nothing more is said about an inactive token. Times are seconds since the
 * epoch.
 */
export const Introspection = named('Introspection', () =>
  z.union([
    z.object({
      active: z.literal(true),
      token_type: z.enum(['access_token', 'refresh_token']),
      iss: z.string(),
      sub: z.string(),
      aud: z.string(),
      exp: z.int(),
      iat: z.int(),
      sid: z.string(),
      jti: z.string().optional(),
      username: z.string().optional(),
      roles: z.array(z.string()),
      permissions: z.array(z.string()),
      amr: z.array(z.string()),
      acr: z.enum(ACR),
      auth_time: z.int(),
    }),
    z.object({ active: z.literal(false) }),
  ]),
)
export type Introspection = z.infer<typeof Introspection>
