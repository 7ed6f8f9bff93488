import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { SIGNING_ALGORITHM } from '../config.ts'

/** A key pair as JWKs; `kid` is the RFC 7638 thumbprint, so it can never name another key. */
export interface SigningKeyPair {
  kid: string
  publicJwk: JWK
  privateJwk: JWK
}

export async function generateSigningKey(): Promise<SigningKeyPair> {
  const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true })
  const [publicPart, privateJwk] = await Promise.all([exportJWK(publicKey), exportJWK(privateKey)])
  const kid = await calculateJwkThumbprint(publicPart)
  return { kid, publicJwk: { ...publicPart, kid, alg: SIGNING_ALGORITHM, use: 'sig' }, privateJwk }
}

/** Imports a JWK as a key that cannot be exported again. */
export async function importSigningKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, SIGNING_ALGORITHM, { extractable: false })
  if (key instanceof Uint8Array) throw new Error('not an asymmetric key')
  return key
}
