import { createHmac } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import * as z from 'zod'
import { isEqualInConstantTime } from '../domain/constant-time.ts'
import { onDemand } from '../domain/on-demand.ts'
import { deriveKey, type Secrets, type SecretVersion } from './derived-key.ts'
import { seal, unseal } from './sealed.ts'
import { type StoredSeals, sealUnderEach } from './stored-seals.ts'

/** The parts of a stored key that anybody may know. The public JWK is the text that is stored. */
export interface PublicSigningKey {
  period: number
  kid: string
  publicJwk: string
}

/** What one version of `AUTH_SECRET` seals of a key: the proof that the key is ours, and its private part. */
interface SigningKeySeal {
  mac: string
  sealedPrivateJwk: string
}

/** The seals by version, as in `v2`. Whoever has one of the versions can verify by the key and sign with it. */
export type SigningKeySeals = StoredSeals<SigningKeySeal>

const PURPOSE = 'signing-key'
/** The members of the JWK are not named here, because its thumbprint tells whether it is the right one. */
const PrivateJwk: z.ZodType<JWK> = onDemand(() => z.looseObject({ kty: z.string() }))

/** Seals a key under every version of the secret, so that Workers with the old list and with the new one share it. */
export async function sealSigningKey(
  secrets: readonly SecretVersion[],
  key: PublicSigningKey,
  privateJwk: JWK,
): Promise<SigningKeySeals> {
  return await sealUnderEach(secrets, async (version) => ({
    mac: makeMac(version, key).toString('base64url'),
    sealedPrivateJwk: await seal([version], PURPOSE, privateJwk),
  }))
}

/**
 * Tells whether a holder of one of these secrets made the key (constant time in the MAC). The check keeps whoever can
 * write the database from adding a key of their own, and it needs no private part.
 */
export function isOurSigningKey(secrets: Secrets, key: PublicSigningKey, seals: SigningKeySeals): boolean {
  return secrets.some((version) => {
    const given = Buffer.from(String(seals[version.version]?.mac), 'base64url')
    return isEqualInConstantTime(given, makeMac(version, key))
  })
}

/**
 * Opens the private part with any of the secrets. The answer is null when none opens it, or when the opened part
 * belongs to another key.
 */
export async function openSigningKey(secrets: Secrets, kid: string, seals: SigningKeySeals): Promise<JWK | null> {
  for (const { version } of secrets) {
    const privateJwk = await unseal(secrets, PURPOSE, String(seals[version]?.sealedPrivateJwk), PrivateJwk)
    if (privateJwk !== null && (await calculateJwkThumbprint(privateJwk)) === kid) return privateJwk
  }
  return null
}

function makeMac({ secret }: SecretVersion, { period, kid, publicJwk }: PublicSigningKey): Buffer {
  return createHmac('sha256', deriveKey(secret, `mac:${PURPOSE}`))
    .update(`${period}|${kid}|${publicJwk}`)
    .digest()
}
