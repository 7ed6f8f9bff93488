import * as z from 'zod'
import { onDemand } from '../domain/on-demand.ts'
import { delivery, named, opaqueToken } from './common.ts'

const REDIRECT_MAX_LENGTH = 2048

/** The id of a provider. Any text is taken, because one that names no provider is answered by 404. */
export const ProviderParam = onDemand(() =>
  z.object({
    provider: z.string().meta({
      description: 'The id of a provider that `GET /auth/oauth/providers` lists',
      example: 'google',
    }),
  }),
)

export const Providers = named('Providers', () =>
  z.object({ items: z.array(z.object({ id: z.string(), name: z.string() })) }),
)

const redirectTo = () =>
  z
    .string()
    .max(REDIRECT_MAX_LENGTH)
    .meta({ description: 'Where the browser goes afterwards; on the allow-list', example: 'https://app.example.com/' })

/** An S256 challenge, which has 43 characters of base64url (RFC 7636 §4.2). */
const codeChallenge = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'Send an S256 challenge, which has 43 characters of base64url.')
    .meta({ example: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' })

/** The verifier of a challenge (RFC 7636 §4.1). */
const codeVerifier = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9._~-]{43,128}$/, 'Send 43 to 128 unreserved characters.')
    .meta({ example: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' })

export const OAuthStartQuery = onDemand(() =>
  z
    .object({
      redirectTo: redirectTo(),
      delivery: delivery(),
      codeChallenge: codeChallenge().optional().meta({
        description: 'The S256 challenge of a verifier the page keeps; required with `delivery=body`',
      }),
    })
    .refine(({ delivery, codeChallenge }) => delivery === 'cookie' || codeChallenge !== undefined, {
      path: ['codeChallenge'],
      message: 'Send a challenge with delivery=body.',
    }),
)

/** The query that providers send back. Each of them reads its own parameters. */
export const OAuthCallbackQuery = onDemand(() =>
  z.object({
    state: z.string().optional(),
    code: z.string().optional(),
    error: z.string().optional(),
    iss: z.string().optional(),
  }),
)

export const OAuthExchangeRequest = named('OAuthExchangeRequest', () =>
  z.strictObject({
    code: opaqueToken(),
    codeVerifier: codeVerifier().optional().meta({
      description: 'The verifier of the `codeChallenge`; left out where a login with cookies was begun without one',
    }),
  }),
)

export const LinkRequest = named('LinkRequest', () => z.strictObject({ redirectTo: redirectTo() }))
export const LinkAnswer = named('LinkAnswer', () =>
  z.object({ url: z.url().meta({ description: 'Where to send the browser, at once' }) }),
)
export const LinkTicketQuery = onDemand(() => z.object({ ticket: z.string().max(8192) }))
