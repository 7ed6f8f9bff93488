import { z } from '@hono/zod-openapi'
import { Delivery, Name, OpaqueToken, Timestamp } from './common.ts'
import { RememberDevice } from './login.ts'

/** Bytes in base64url without padding, as browsers write them. */
const base64url = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[A-Za-z0-9_-]+$/, 'Send base64url without padding.')

/** WebAuthn Level 3 §4 allows 1023 bytes for the id of a credential. */
const CredentialId = base64url(1364)
const ClientData = base64url(8192)
const PasskeyName = Name.pipe(z.string().max(64, 'Use at most 64 characters.'))

const Ticket = z
  .string()
  .openapi({ description: 'Send it back with the answer of the browser. It works once, for five minutes.' })

const Descriptor = z.object({ id: z.string(), type: z.string(), transports: z.array(z.string()).optional() })
const UserVerification = z.enum(['required', 'preferred', 'discouraged'])

/** `PublicKeyCredentialCreationOptionsJSON` of WebAuthn Level 3 §5.1.9. */
export const PasskeyRegistrationOptions = z
  .object({
    ticket: Ticket,
    options: z.object({
      challenge: z.string(),
      rp: z.object({ id: z.string().optional(), name: z.string() }),
      user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
      pubKeyCredParams: z.array(z.object({ type: z.string(), alg: z.int() })),
      timeout: z.int().optional(),
      excludeCredentials: z.array(Descriptor).optional(),
      authenticatorSelection: z
        .object({
          residentKey: z.string().optional(),
          requireResidentKey: z.boolean().optional(),
          userVerification: UserVerification.optional(),
        })
        .optional(),
      attestation: z.string().optional(),
      hints: z.array(z.string()).optional(),
      extensions: z.object({ credProps: z.boolean().optional() }).optional(),
    }),
  })
  .openapi('PasskeyRegistrationOptions')

/** `PublicKeyCredentialRequestOptionsJSON` of WebAuthn Level 3 §5.1.9. */
export const PasskeyAuthenticationOptions = z
  .object({
    ticket: Ticket,
    options: z.object({
      challenge: z.string(),
      rpId: z.string().optional(),
      timeout: z.int().optional(),
      allowCredentials: z.array(Descriptor).optional(),
      userVerification: UserVerification.optional(),
    }),
  })
  .openapi('PasskeyAuthenticationOptions')

/**
 * What a browser's `PublicKeyCredential.toJSON()` gives. Members that are not named here are left out and not refused,
 * because the browser adds them and not the page.
 */
const credential = <Response extends z.ZodRawShape>(response: Response) =>
  z.object({
    id: CredentialId,
    rawId: CredentialId,
    type: z.literal('public-key'),
    response: z.object(response),
    clientExtensionResults: z.object({ credProps: z.object({ rk: z.boolean().optional() }).optional() }).default({}),
  })

export const PasskeyRegistration = credential({
  clientDataJSON: ClientData,
  attestationObject: base64url(16_384),
  transports: z
    .array(z.string().regex(/^[a-z-]{1,16}$/))
    .max(8)
    .default([]),
}).openapi('PasskeyRegistration')
export type PasskeyRegistration = z.infer<typeof PasskeyRegistration>

export const PasskeyAssertion = credential({
  clientDataJSON: ClientData,
  authenticatorData: base64url(4096),
  signature: base64url(2048),
  userHandle: base64url(86).nullish(),
}).openapi('PasskeyAssertion')
export type PasskeyAssertion = z.infer<typeof PasskeyAssertion>

export const RegisterPasskeyRequest = z
  .strictObject({
    ticket: OpaqueToken,
    name: PasskeyName.optional().openapi({ description: 'Without one it is called by its provider or by the device.' }),
    response: PasskeyRegistration,
  })
  .openapi('RegisterPasskeyRequest')

export const PasskeyOptionsRequest = z
  .strictObject({
    mfaTicket: OpaqueToken.optional().openapi({
      description: 'The ticket of a login that waits for its second factor',
    }),
  })
  .openapi('PasskeyOptionsRequest')

export const PasskeyLoginRequest = z
  .strictObject({
    ticket: OpaqueToken,
    response: PasskeyAssertion,
    delivery: Delivery,
    rememberDevice: RememberDevice,
  })
  .openapi('PasskeyLoginRequest')

export const RenamePasskeyRequest = z.strictObject({ name: PasskeyName }).openapi('RenamePasskeyRequest')

export const PasskeyParam = z.object({ id: z.string().min(1).max(64) })

export const Passkey = z
  .object({
    id: z.string(),
    credentialId: z.string().openapi({ description: 'The id that the authenticator chose, in base64url' }),
    name: z.string(),
    createdAt: Timestamp,
    lastUsedAt: Timestamp.nullable(),
    transports: z.array(z.string()),
    backedUp: z.boolean().openapi({ description: 'Whether its provider has copied it to other devices' }),
    provider: z.string().nullable().openapi({ example: 'Apple Passwords' }),
  })
  .openapi('Passkey')
export type Passkey = z.infer<typeof Passkey>

export const RegisteredPasskey = z
  .object({ passkey: Passkey, recoveryCodes: z.array(z.string()).optional() })
  .openapi('RegisteredPasskey')

/** The list has what `PublicKeyCredential.signalAllAcceptedCredentials()` asks for (WebAuthn Level 3 §5.1.10). */
export const PasskeyList = z
  .object({
    items: z.array(Passkey),
    nextCursor: z.string().nullable(),
    rpId: z.string(),
    userHandle: z.string().openapi({ description: 'The id of the user as authenticators know it, in base64url' }),
  })
  .openapi('PasskeyList')
export type PasskeyList = z.infer<typeof PasskeyList>

export const RelatedOrigins = z.object({ origins: z.array(z.string()) }).openapi('RelatedOrigins')
export const PasskeyEndpoints = z.object({ enroll: z.url(), manage: z.url() }).openapi('PasskeyEndpoints')
