import * as z from 'zod'
import { onDemand } from '../domain/on-demand.ts'
import { BUILT_IN_IDS } from './built-in.ts'
import { isTrustworthyUrl } from './network.ts'

/**
 * These ids are taken: built-in providers have some of them, and `GET /auth/oauth/providers` and `POST
 * /auth/oauth/exchange` are routes.
 */
const TAKEN_IDS: readonly string[] = [...BUILT_IN_IDS, 'providers', 'exchange']

const text = () => z.string('must be a text').min(1, 'must not be empty')

/** One entry of `OIDC_PROVIDERS`: an OpenID Connect issuer that needs no code of its own. */
const ConfiguredIssuer = onDemand(() =>
  z.strictObject({
    /** The provider's id, which stands in URLs and in the database. */
    id: z
      .string('must be a text')
      .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 lower-case letters, digits and hyphens')
      .refine((id) => !TAKEN_IDS.includes(id), 'is taken by Postern itself'),
    name: text(),
    /** The issuer exactly as its discovery document spells it, with or without the trailing slash. */
    issuer: z
      .string('must be a text')
      .refine(
        (issuer) => isTrustworthyUrl(issuer, { allowInsecure: true }) && !issuer.includes('?'),
        'must be an https URL without query, fragment or userinfo',
      ),
    clientId: text(),
    clientSecret: text(),
    /** The mail domains whose addresses this issuer may link by. */
    trustedEmailDomains: z.array(z.string('must be a text'), 'must be a list of mail domains').optional(),
  }),
)
export type ConfiguredIssuer = z.infer<typeof ConfiguredIssuer>

/**
 * Every rule of `OIDC_PROVIDERS` that holds in all environments. Production has one more: only in development may an
 * issuer on this machine use http.
 */
export const ConfiguredIssuers = onDemand(() =>
  z.array(ConfiguredIssuer).superRefine((issuers, context) => {
    const ids = issuers.map(({ id }) => id)
    for (const [index, id] of ids.entries())
      if (ids.indexOf(id) < index) context.addIssue({ code: 'custom', path: [index, 'id'], message: 'is there twice' })
  }),
)
