import { isoCBOR } from '@simplewebauthn/server/helpers'
import type { PasskeyAssertion, PasskeyRegistration } from '../../src/contracts/passkeys.ts'
import { ORIGIN } from './origin.ts'

/** The bits of an authenticator's answer (WebAuthn Level 3 §6.1). */
const FLAGS = { up: 1, uv: 4, be: 8, bs: 16, at: 64 }
type Flag = Exclude<keyof typeof FLAGS, 'at'>

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
}
/** How WebCrypto makes a key and signs with it. */
const ALGORITHMS = {
  ES256: { key: { name: 'ECDSA', namedCurve: 'P-256' }, signing: { name: 'ECDSA', hash: 'SHA-256' } },
  EdDSA: { key: { name: 'Ed25519' }, signing: { name: 'Ed25519' } },
  RS256: { key: RSA, signing: { name: 'RSASSA-PKCS1-v1_5' } },
}

interface Traits {
  /** Whether it verifies its user, by a finger or a PIN. */
  uv: boolean
  /** Whether its keys may be copied to other devices, and whether they were. */
  be: boolean
  bs: boolean
  /** Whether it counts the uses of a key. Those that copy keys do not. */
  counts: boolean
  /** Whether it finds a key without being told its id. */
  isResident: boolean
  aaguid: string
  algorithm: keyof typeof ALGORITHMS
}

/** What a test makes wrong in one answer. */
export interface Lies {
  origin?: string
  rpId?: string
  challenge?: string
  type?: string
  crossOrigin?: boolean
  topOrigin?: string
  flags?: Partial<Record<Flag, boolean>>
  counter?: number
  userHandle?: string | null
  credentialId?: string
  attestation?: { fmt: string; attStmt: Map<string, unknown> }
}

interface Key {
  id: string
  pair: CryptoKeyPair
  userHandle: string
  counter: number
}

interface CreationOptions {
  challenge: string
  rp: { id?: string | undefined }
  user: { id: string }
}
interface RequestOptions {
  challenge: string
  rpId?: string | undefined
  allowCredentials?: readonly { id: string }[] | undefined
}

const base64url = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64url')
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'base64url'))

/**
 * Creates an authenticator of software with a browser around it, which answers as both would. A test can make each part
 * of an answer wrong.
 */
export function createAuthenticator(given: Partial<Traits> = {}) {
  const traits: Traits = {
    uv: true,
    be: false,
    bs: false,
    counts: true,
    isResident: true,
    aaguid: '00000000-0000-0000-0000-000000000000',
    algorithm: 'ES256',
    ...given,
  }
  const algorithm = ALGORITHMS[traits.algorithm]
  const keys = new Map<string, Key>()

  const clientData = (type: string, challenge: string, lies: Lies) => {
    const { crossOrigin, topOrigin } = lies
    const data = { type: lies.type ?? type, challenge: lies.challenge ?? challenge, origin: lies.origin ?? ORIGIN }
    return new TextEncoder().encode(JSON.stringify({ ...data, crossOrigin: crossOrigin ?? false, topOrigin }))
  }

  async function authenticatorData(rpId: string, counter: number, lies: Lies, attested = new Uint8Array()) {
    const shown = { up: true, uv: traits.uv, be: traits.be, bs: traits.bs, ...lies.flags, at: attested.length > 0 }
    const flags = Object.entries(FLAGS).reduce((all, [name, bit]) => (shown[name as Flag] ? all | bit : all), 0)
    const count = new Uint8Array(4)
    new DataView(count.buffer).setUint32(0, lies.counter ?? counter)
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(lies.rpId ?? rpId))
    return Buffer.concat([new Uint8Array(hash), new Uint8Array([flags]), count, attested])
  }

  return {
    keys,
    /** Answers `navigator.credentials.create()`. */
    async create(options: CreationOptions, lies: Lies = {}): Promise<PasskeyRegistration> {
      const pair = (await crypto.subtle.generateKey(algorithm.key, true, ['sign', 'verify'])) as CryptoKeyPair
      const id = lies.credentialId ?? base64url(crypto.getRandomValues(new Uint8Array(32)))
      const key = { id, pair, userHandle: options.user.id, counter: 0 }
      keys.set(id, key)
      const attested = Buffer.concat([
        Buffer.from(traits.aaguid.replaceAll('-', ''), 'hex'),
        new Uint8Array([bytesOf(id).length >> 8, bytesOf(id).length & 255]),
        bytesOf(id),
        await toCose(pair.publicKey),
      ])
      const authData = await authenticatorData(options.rp.id ?? '', 0, lies, attested)
      const { fmt, attStmt } = lies.attestation ?? { fmt: 'none', attStmt: new Map() }
      const attestation = new Map<string, unknown>([
        ['fmt', fmt],
        ['attStmt', attStmt],
        ['authData', new Uint8Array(authData)],
      ])
      return {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: { credProps: { rk: traits.isResident } },
        response: {
          clientDataJSON: base64url(clientData('webauthn.create', options.challenge, lies)),
          attestationObject: base64url(isoCBOR.encode(attestation as never)),
          transports: ['internal'],
        },
      }
    },
    /** Answers `navigator.credentials.get()` with the key that was asked for, or else with the newest one. */
    async get(options: RequestOptions, lies: Lies = {}): Promise<PasskeyAssertion> {
      const allowed = options.allowCredentials?.find(({ id }) => keys.has(id))?.id
      const key = keys.get(allowed ?? [...keys.keys()].at(-1) ?? '')
      if (key === undefined) throw new Error('no such key')
      key.counter += traits.counts ? 1 : 0
      const authData = await authenticatorData(options.rpId ?? '', key.counter, lies)
      const clientDataJSON = clientData('webauthn.get', options.challenge, lies)
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', clientDataJSON))
      const signed = Buffer.concat([authData, hash])
      const raw = new Uint8Array(await crypto.subtle.sign(algorithm.signing, key.pair.privateKey, signed))
      const id = lies.credentialId ?? key.id
      const userHandle = lies.userHandle === undefined && traits.isResident ? key.userHandle : lies.userHandle
      return {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: base64url(clientDataJSON),
          authenticatorData: base64url(authData),
          signature: base64url(traits.algorithm === 'ES256' ? toDer(raw) : raw),
          ...(userHandle ? { userHandle } : {}),
        },
      }
    },
  }
}
export type Authenticator = ReturnType<typeof createAuthenticator>

/** Writes a public key as COSE does (RFC 9053 §7, RFC 8230 §4). */
async function toCose(publicKey: CryptoKey): Promise<Uint8Array> {
  const jwk = (await crypto.subtle.exportKey('jwk', publicKey)) as JsonWebKey
  const bytes = (member: string | undefined) => bytesOf(member ?? '')
  const members: Record<string, [number, number | Uint8Array][]> = {
    EC: [
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, bytes(jwk.x)],
      [-3, bytes(jwk.y)],
    ],
    OKP: [
      [1, 1],
      [3, -8],
      [-1, 6],
      [-2, bytes(jwk.x)],
    ],
    RSA: [
      [1, 3],
      [3, -257],
      [-1, bytes(jwk.n)],
      [-2, bytes(jwk.e)],
    ],
  }
  return isoCBOR.encode(new Map(members[jwk.kty ?? '']) as never)
}

/** Writes a signature as authenticators do, in ASN.1 (WebAuthn Level 3 §6.5.5). */
export function toDer(raw: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => {
    const first = bytes.findIndex((byte) => byte !== 0)
    const trimmed = bytes.slice(first === -1 ? bytes.length - 1 : first)
    const positive = (trimmed[0] ?? 0) >= 0x80 ? [0, ...trimmed] : [...trimmed]
    return [2, positive.length, ...positive]
  }
  const body = [...integer(raw.slice(0, 32)), ...integer(raw.slice(32))]
  return new Uint8Array([0x30, body.length, ...body])
}
