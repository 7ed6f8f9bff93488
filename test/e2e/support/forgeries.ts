import { createHmac, createPublicKey } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/**
 * A forger has a token of their own, the published key that it names, and a server that answers with keys of the
 * forger.
 */
export interface Forger {
  token: string
  publicJwk: JWK
  attackerUrl: string
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part = ''): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString())
const partsOf = (token: string) => {
  const [header = '', payload = '', signature = ''] = token.split('.')
  return { header, payload, signature }
}

/** Replaces members of the header, and keeps the payload and the signature. */
const withHeader = (token: string, change: object) => {
  const { header, payload, signature } = partsOf(token)
  return `${encode({ ...decode(header), ...change })}.${payload}.${signature}`
}

/** Signs the same claims with a key of the attacker under a header that points to this key. */
async function signAsAttacker(token: string, header: (jwk: JWK) => object, claims: object = {}): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const { header: original, payload } = partsOf(token)
  const jwk = { ...(await exportJWK(publicKey)), kid: 'attacker', alg: 'ES256', use: 'sig' }
  return await new SignJWT({ ...decode(payload), ...claims })
    .setProtectedHeader({ ...decode(original), alg: 'ES256', ...header(jwk) })
    .sign(privateKey)
}

/** Signs with the public key as if it were a shared secret. */
function signWithPublicKey({ token, publicJwk }: Forger, format: 'pem' | 'der' | 'jwk'): string {
  const key = createPublicKey({ key: publicJwk as never, format: 'jwk' })
  const secret =
    format === 'jwk'
      ? JSON.stringify(publicJwk)
      : format === 'pem'
        ? key.export({ type: 'spki', format })
        : key.export({ type: 'spki', format })
  const { header, payload } = partsOf(token)
  const signed = `${encode({ ...decode(header), alg: 'HS256' })}.${payload}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** These are all forgeries of a token that we know (hono CVE-2026-22817; RFC 8725 §2). */
export const FORGERIES: Readonly<Record<string, (forger: Forger) => string | Promise<string>>> = {
  'an altered payload': ({ token }) => {
    const { header, payload, signature } = partsOf(token)
    return `${header}.${encode({ ...decode(payload), roles: ['admin'] })}.${signature}`
  },
  'an altered signature': ({ token }) => {
    const { header, payload, signature } = partsOf(token)
    const bytes = Buffer.from(signature, 'base64url')
    bytes[0] = (bytes[0] ?? 0) ^ 1
    return `${header}.${payload}.${bytes.toString('base64url')}`
  },
  'no signature': ({ token }) => `${partsOf(token).header}.${partsOf(token).payload}.`,
  'an all-zero signature (CVE-2022-21449)': ({ token }) =>
    `${partsOf(token).header}.${partsOf(token).payload}.${Buffer.alloc(64).toString('base64url')}`,
  'alg none': ({ token }) => `${withHeader(token, { alg: 'none' }).split('.').slice(0, 2).join('.')}.`,
  'alg nOnE': ({ token }) => `${withHeader(token, { alg: 'nOnE' }).split('.').slice(0, 2).join('.')}.`,
  'the public key as an HMAC secret, PEM': (forger) => signWithPublicKey(forger, 'pem'),
  'the public key as an HMAC secret, DER': (forger) => signWithPublicKey(forger, 'der'),
  'the public key as an HMAC secret, JWK': (forger) => signWithPublicKey(forger, 'jwk'),
  "the attacker's key under our kid": ({ token }) => signAsAttacker(token, () => ({})),
  "the attacker's key inside (jwk)": ({ token }) => signAsAttacker(token, (jwk) => ({ jwk })),
  "the attacker's key inside, under its own kid": ({ token }) =>
    signAsAttacker(token, (jwk) => ({ jwk, kid: 'attacker' })),
  "an address of the attacker's keys (jku)": ({ token, attackerUrl }) =>
    signAsAttacker(token, () => ({ jku: attackerUrl, kid: 'attacker' })),
  "an address of the attacker's certificate (x5u)": ({ token, attackerUrl }) =>
    signAsAttacker(token, () => ({ x5u: attackerUrl, kid: 'attacker' })),
  'a kid that is a path': ({ token }) => signAsAttacker(token, () => ({ kid: '../../../../dev/null' })),
  'a kid that is SQL': ({ token }) => signAsAttacker(token, () => ({ kid: "' or 1=1 --" })),
  'a kid of the prototype': ({ token }) => signAsAttacker(token, () => ({ kid: '__proto__' })),
  'no kid': ({ token }) => signAsAttacker(token, () => ({ kid: undefined })),
  'a critical extension': ({ token }) => withHeader(token, { crit: ['exp'] }),
}
