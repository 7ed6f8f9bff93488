import * as z from 'zod'
import { onDemand } from '../../../domain/on-demand.ts'
import type { Platform } from '../../../platform/platform.ts'
import type { Result } from '../../../result.ts'

const ClientData = onDemand(() =>
  z.object({
    type: z.string(),
    challenge: z.string(),
    origin: z.string(),
    crossOrigin: z.boolean().optional(),
    topOrigin: z.string().optional(),
  }),
)

export type ClientDataFault = 'client data' | 'type' | 'challenge' | 'origin' | 'frame'

/** Writes bytes or a text as browsers do. */
export const toBase64Url = (value: string | Uint8Array): string => Buffer.from(value).toString('base64url')

/**
 * Writes the id of a user as authenticators keep it (WebAuthn Level 3 §5.4.3). It is random but for the time at which
 * the account was made, and says nothing else about the person.
 */
export const toUserHandle = (userId: string): string => toBase64Url(userId)

/**
 * Checks what the browser says about a ceremony (WebAuthn Level 3 §5.8.1): what it is, for which challenge, and which
 * page asked. The library checks it too, but its errors quote what they found and cannot be logged. A page in a frame
 * of another site is refused, because its visitor cannot see whose page it is.
 */
export function checkClientData(
  { settings }: Pick<Platform, 'settings'>,
  clientDataJSON: string,
  expected: { type: 'webauthn.create' | 'webauthn.get'; challenge: string },
): Result<null, ClientDataFault> {
  const parsed = ClientData.safeParse(parseJson(Buffer.from(clientDataJSON, 'base64url').toString()))
  if (!parsed.success) return { ok: false, error: 'client data' }
  const { type, challenge, origin, crossOrigin, topOrigin } = parsed.data
  if (type !== expected.type) return { ok: false, error: 'type' }
  if (challenge !== expected.challenge) return { ok: false, error: 'challenge' }
  if (!settings.relyingParty.origins.includes(origin)) return { ok: false, error: 'origin' }
  if (crossOrigin === true || topOrigin !== undefined) return { ok: false, error: 'frame' }
  return { ok: true, value: null }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
