import * as z from 'zod'
import { MAX_PASSKEYS_PER_USER } from '../config.ts'
import { onDemand } from '../domain/on-demand.ts'
import { emailAddress, named, personName, username } from './common.ts'
import { roleName } from './roles.ts'

const base64url = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[A-Za-z0-9_-]+$/)

/** An export writes null for what it has not, so null counts as left out. */
const ImportedIdentity = onDemand(() =>
  z.strictObject({
    provider: z.string().meta({ description: 'The id of a configured provider', example: 'google' }),
    subject: z.string().min(1).max(255),
    issuer: z.string().max(512).nullish().meta({ description: 'Only for Microsoft, whose tenants each have one' }),
  }),
)
export type ImportedIdentity = z.infer<typeof ImportedIdentity>

const ImportedPasskey = onDemand(() =>
  z.strictObject({
    credentialId: base64url(1364),
    publicKey: base64url(2048).meta({ description: 'The COSE key, in base64url' }),
    userHandle: base64url(86).meta({ description: 'The id of the user that the passkey was made for, in base64url' }),
    counter: z.int().min(0).max(0xff_ff_ff_ff),
    backupEligible: z.boolean(),
    backedUp: z.boolean().nullish(),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,16}$/))
      .max(8)
      .nullish(),
    aaguid: z.guid().nullish(),
    name: personName().pipe(z.string().max(64)).nullish(),
    createdAt: z.iso.datetime({ offset: true }).nullish(),
  }),
)
export type ImportedPasskey = z.infer<typeof ImportedPasskey>

/** One line of an import: a person. */
export const ImportLine = named('ImportLine', () =>
  z.strictObject({
    email: emailAddress(),
    emailVerified: z.boolean().nullish(),
    passwordHash: z.string().nullish(),
    username: username().nullish(),
    name: personName().nullish(),
    roles: z.array(roleName()).max(32).nullish(),
    createdAt: z.iso.datetime({ offset: true }).nullish(),
    identities: z.array(ImportedIdentity).max(32).nullish(),
    totpSecret: z.string().max(512).nullish().meta({ description: 'In base32, for codes of SHA-1, 6 digits and 30 s' }),
    passkeys: z.array(ImportedPasskey).max(MAX_PASSKEYS_PER_USER).nullish(),
  }),
)
export type ImportLine = z.infer<typeof ImportLine>

/** What the first line may be: what the password hashes of all other lines share. */
export const ImportHeader = onDemand(() =>
  z.strictObject({
    hashParameters: z.strictObject({
      firebaseScrypt: z.strictObject({
        signerKey: z.base64().min(1).max(512),
        saltSeparator: z.base64().max(64),
        rounds: z.int().min(1),
        memCost: z.int().min(1),
      }),
    }),
  }),
)

/** A body of an import is not checked as a whole. */
export const ImportLines = onDemand(() =>
  z.string().meta({ description: 'An `ImportLine` on each line; the first may be `{ hashParameters }` instead' }),
)

export const ImportQuery = onDemand(() =>
  z.object({
    dryRun: z
      .enum(['true', 'false'])
      .transform((value) => value === 'true')
      .optional()
      .meta({ type: 'string', enum: ['true', 'false'] }),
  }),
)

/** Why a line was not imported. docs/import.md says what to do about each. */
export const IMPORT_CODES = [
  'invalid_json',
  'line_too_long',
  'unknown_field',
  'invalid_email',
  'invalid_email_verified',
  'invalid_hash',
  'unsupported_hash',
  'invalid_username',
  'invalid_name',
  'invalid_roles',
  'invalid_created_at',
  'invalid_identities',
  'unknown_provider',
  'invalid_totp_secret',
  'invalid_passkeys',
  'unverified_factors',
  'email_reserved',
  'username_taken',
  'unknown_role',
  'permission_not_held',
  'identity_taken',
  'passkey_exists',
] as const
export type ImportCode = (typeof IMPORT_CODES)[number]

export const ImportReport = named('ImportReport', () =>
  z.object({
    imported: z.int().meta({ description: 'Accounts that were made, or would be' }),
    skipped: z.int().meta({ description: 'Lines whose address has an account already, which stays as it is' }),
    errors: z.array(z.object({ line: z.int(), code: z.enum(IMPORT_CODES) })),
    nextLine: z
      .int()
      .nullable()
      .meta({ description: 'The first line that was not read, because the request had enough to do; null at the end' }),
  }),
)
export type ImportReport = z.infer<typeof ImportReport>
